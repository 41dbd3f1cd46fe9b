"""English: how answers are announced in it, and what only looks like an announcement."""

from a2r_ray.answers.finding.announcement import ASIDE, EMPHASIS, SPACE, VALUE, Announcement, compiled, fillers

_END = r"(?![A-Za-z0-9])"
_ADVERBS = (
    r"approximately|approx\b\.?|roughly|nearly|almost|exactly|precisely|simply|just|only|therefore|thus|hence|then"
    r"|clearly|obviously|evidently|naturally|undoubtedly"
    r"|indeed|actually|really|also|still|now|once again|again|finally|ultimately|in fact|of course|as a result"
    r"|accordingly|consequently|probably|most likely|likely|definitely|certainly|surely|always|given by|found to be"
    r"|I (?:believe|think|guess|suppose)"
    r"|calculated to be|determined to be|computed to be|known to be|closest to|equal to|equals|going to be"
    r"|(?:to|(?:obtained|calculated|computed|written|expressed|given|represented|evaluated|equivalent) (?:as|by|to))"
    r"(?=[ \t*]{0,4}(?:[$~€£¥]|\\\(|-?[\d\\]))"
    r"|(?:about|around|close to|so)(?=[ \t*]{0,4}(?:[$~€£¥]|\\\(|-?[\d\\]))"
)
FILLERS = fillers(_ADVERBS)
_BE = r"(?:be|equal|become)(?:s|ing)?"
_COPULA = (
    rf"(?:,?{SPACE}{{1,3}}(?:therefore|thus|hence|then|so|finally|indeed|clearly|obviously|simply|now|actually)\b,?)?"
    rf"{SPACE}{{0,3}}(?:={{1,3}}>|-{{1,2}}>|→|⇒|[:：](?:=|-(?=[ \t]))"
    rf"|\.{{3,6}}(?=[ \t]{{0,3}}[-+$\\(*]{{0,3}}(?:\d|[A-J](?!\w)))|[:：=≈≅]|'s\b|’s\b"
    r"|(?<![A-Za-z])(?:is|was|ca)(?=n['’]t )|(?<![A-Za-z])can(?= ?not )"
    r"|(?:\n|(?<![A-Za-z]))(?:(?:is|are|was|were)(?! (?:look|ask|seek|search|try)(?:ing|ed)\b)|becomes?|became|equals?"
    r"|reads|remains|stays|stands(?: (?:at|as|firm))?"
    r"|comes (?:out )?(?:to(?: be)?|as|at)"
    r"|(?:simplif|reduc|evaluat|amount|round)(?:y|ies|es|e|s)(?: down)? to|totals"
    r"|can be (?:written|expressed|simplified|represented) (?:as|to|by)"
    r"|(?:works?|turns?|worked|turned) out (?:to(?: be)?|as)"
    rf"|(?P<would>would|might|could|may|can)(?: (?!not |never )\w{{2,12}})? {_BE}"
    rf"|(?:should|must|will|shall|can only|(?:would |will )?ha(?:s|ve) to|ha(?:s|ve) been \w{{4,12}} to"
    r"|ought to|needs? to|appears to|seems to"
    rf"|(?:is|are) (?:supposed|expected|bound|likely|sure|going) to)(?: \w{{2,12}}(?:ly|us|en|ce|re))? {_BE})\b)"
)
_INNER = r"(?:[^\n.:?]|[.:](?=\d)|\?(?=[\"'”’*]))"
_COMPLEMENT = (
    rf"(?:{SPACE}{{1,3}}(?:choice|option|letter|key|value)\b|{SPACE}?#?\d{{1,3}}(?= ?[:=]))?"
    rf"(?:{SPACE}{{0,2}}{ASIDE})?"
    rf"(?:{EMPHASIS}(?:to|of|for) (?:(?:the|this|your) \w{{1,12}} )?(?:\"[^\"\n]{{1,90}}\"|“[^”\n]{{1,90}}”)"
    rf"|{EMPHASIS}(?:to|of|for|in|as|from|with|at|after|when|that|which|we|I|you|here|rounded|given|expressed"
    rf"|obtained|found|computed|on)\b"
    rf"{_INNER}{{0,90}}?)?"
)
_QUALITY = r"(?:correct|right|final|required|desired|requested|sought|best|closest|most \w{3,14})"

_MATERIAL = r"(?:table|text|question|figure|chart|graph|passage|list|image|diagram|box|form|format|range|above|below)"
_UNTRUE = (
    r"not\b|n't\b|no(?:where| longer)\b|(?:as )?(?:above|below|follows|shown|stated|expected|before)\b"
    r"|(?:the )?following\b"
    rf"|(?:in|on|at|from|within|under|by|with) (?:the|this|that|these|our|your|my|its|an?) (?:\w+ )?{_MATERIAL}\b"
    r"|in (?:(?:its |the )?(?:simplest|terms|reduced|lowest|decimal|fact|units?|metres|meters|dollars|cm|degrees)\b"
    r"|(?:this|that|our|your|my) )"
    r"|(?:just |only )?(?:to be (?:found|rounded|given|written|expressed|determined|computed|calculated)"
    r"|shown|given|found|obtained|derived|computed|calculated|determined|reached|arrived at|expressed|written|rounded"
    r"|simplified|displayed|listed|provided|presented|explained|described|based|hidden|located|stated|wrapped|boxed"
    r"|enclosed|supposed|supported|confirmed|verified|checked|justified|formatted|reported|marked|limited|required"
    r"|needed|dependent|independent|unaffected|unknown \w|known|consistent|compatible|helpful|useful|unclear"
    r"|clear(?:er)?|obvious|evident|trivial|straightforward|easy|easier|reasonable|plausible|ready|satisfactory"
    r"|acceptable"
    r"|sufficient|understandable|apparent|available|debatable|subjective|self-explanatory)\b(?! by \d)"
    r"|simple: |(?:very|quite|too|rather|pretty|so|not|fairly|already|always|usually|often|sometimes|partly) \w"
    r"|the same\b|different\b|similar\b|what\b|how\b|why\b|whether\b|where\b|when\b|which\b|whatever\b|because\b"
    r"|(?:in)?correct[,;]? \w|wrong[,;]? \w|right, |right (?:because|since|as|for|and|but|if|so)\b|(?:in)?accurate\b"
    r"|(?:up to|left to|meant|intended|about (?:to|the|how|what)|off\b|here\b|there(?: (?:in|at|on|above|below)\b|$)"
    r"|somewhere|hard to|difficult to|impossible to|possible to|one of the (?:following|options|choices))"
    r"|(?:let me|let us|let's|let \S{1,20} be|we |I |i |first\b|firstly|step \d|given (?:that|the)"
    r"|since (?!\d{3,4}\W{0,3}$)"
    r"|suppose"
    r"|assume|consider|okay|ok,|hmm|well,|alright|sure[,!]|here's|here is|recall|to (?:find|solve|determine|calculate"
    r"|compute|answer|get|figure|begin|start|work)\b|you (?:can|should|need|must|may)\b|please\b|based on)"
    r"|(?:the )?(?:explanation|reasoning|reason|step \d{1,3}|justification|rationale|note|given|analysis|working"
    r"|question|problem|thought|thinking|hint|confidence|solution)\b[ \t*]{0,4}:"
)
_DOUBTFUL = (
    r"(?:in)?correct$|right$|wrong$|(?:in)?valid$|unique$|good$|great$|fine$|complete$|incomplete$|approximate$|exact$"
    r"|(?:a|an) (?:\w+ )?(?:number|integer|fraction|decimal|expression|percentage|function|multiple|value|word)\b"
    r"|between\b|(?:greater|less|more|smaller|larger|higher|fewer) than\b|at (?:least|most)\b|positive\b|negative\b"
    r"|divisible\b|either\b|one of\b|simple$|complicated$|complex$|ambiguous$|uncertain$|surprising$|the one"
    r"|unknown$|(?:only |just )?(?:the|a) (?:final |single )?(?:number|letter|word|value)$"
    r"|yours$|mine$|long$|short$"
)

_HYPOTHETICAL = (
    r"\b(?:naively|superficially|at first (?:glance|sight|blush)|on the face of it),? (?:the |my |our )?$|"
    r"\b(?:if|whether|suppose|supposing|assume|assuming|unless|until|pretend|imagine|in case|why|how|where|does|do|did"
    r"|sure|like|doubt|doubtful|convinced|disagree|no longer (?:think|believe)|(?:nobody|no one) (?:says|thinks|claims)"
    r"|let['’]s (?:say|guess|pretend|suppose))[,]?(?: that)?(?: (?:the|my|your|our|this|that|an?|its|his|her"
    r"|their))?(?: [\w-]{2,14}){0,1} ?$"
    r"|\b(?:express|round|simplify|write|format|verify|check|put|enter|submit|present|double[- ]check)(?:ing|s|es)?"
    r" (?:the|your|my|our|an?|its|this) (?:\w{2,14} )?$"
    r"|\b(?:wrong|incorrect|false|partial|intermediate|previous|first|initial|earlier|naive|tempting|trial|candidate"
    r"|possible|potential|provisional|tentative|wanted|no|any|every|each|another|multiple|other)[ *_]{1,4}$"
)
_NOTE = (
    r"[\s*_(\[>#]{0,8}(?:please )?(?:note|nb\b|remark|caveat|disclaimer|remember|recall|p\.?s\b|hint"
    r"|warning|important|verification|check|double[- ]check|keep in mind|clarification|assumption|alternatively"
    r"|equivalently|numerically|for reference|in (?:decimal|other words)"
    r"|as a decimal)s?\b"
)

_GIVES = (
    r"\b(?:giv(?:es?|ing)|gets?|getting|obtain|ha(?:s|ve)|yields?|yielding|reach|reaching|with|for|to|at|find|as"
    r"|producing)"
    r"(?: us| you)? (?:the|an?|our|my)[ *_]{1,3}(?:(?:final|correct|exact)[ *_]{1,3})?$"
    r"|\b(?:I|we)(?:['’]d| would| will|['’]ll) (?:\w{2,10}ly )?$"
)

ENGLISH = (
    Announcement(
        stems=("answer",),
        closing=compiled(r"[,;]?\s\(?(?:in (?:exactly )?(?:that|this) (?:exact )?order|respectively)\)?$"),
        head=compiled(rf"answers?{_END}\.?{EMPHASIS}{_COMPLEMENT}{EMPHASIS}{_COPULA}{FILLERS}"),
        heading=compiled(rf"answers?{_END}"),
        dash=True,
        alone=compiled(rf"answers?{_END}[*_]{{0,3}}(?: of|,)? {VALUE}"),
        gives=compiled(_GIVES),
        untrue=compiled(_UNTRUE),
        doubtful=compiled(_DOUBTFUL),
        hypothetical=compiled(_HYPOTHETICAL),
        note=compiled(_NOTE),
    ),
    Announcement(
        stems=("ans:", "ans.", "ans ", "ans=", "ans)", "ans*", "ans_", "ans-"),
        head=compiled(
            rf"ans{_END}{EMPHASIS}(?:={{1,3}}>|-{{1,2}}>|→|⇒|\.[ \t]{{0,3}}(?:[:=]|(?=\S))|:-(?=[ \t])|[:=)]"
            rf"|is\b|-(?=[ \t])){FILLERS}"
        ),
        untrue=compiled(_UNTRUE),
        doubtful=compiled(_DOUBTFUL),
        hypothetical=compiled(_HYPOTHETICAL),
        note=compiled(_NOTE),
    ),
    Announcement(
        stems=("answer]", "answer:]", "answer |", "answer|", "answer** |", "final:", "final**:", "final:**"),
        before=compiled(
            r"(?:^|\n)[ \t>]{0,4}(?:[*_]{0,3}\[[*_]{0,3}|\|[ \t*_]{1,9}|[*_]{0,3}(?=$))(?:the "
            r"|my )?(?:final |correct )?$"
        ),
        head=compiled(
            r"answer:?\][*_]{0,3}:?[ \t]{0,3}|answer\*{0,2}[ ]{0,9}\|(?=[^|\n]{1,60}\|[ \t]{0,9}(?:\n|\Z))"
            r"|final[*_]{0,3}:"
        ),
        closing=compiled(r"\s{0,9}\|$"),
        short=True,
        hypothetical=compiled(_HYPOTHETICAL),
        note=compiled(_NOTE),
    ),
    Announcement(
        stems=("option", "choice", "alternative", "letter", "selection"),
        before=compiled(
            rf"(?:\b(?:{_QUALITY}|selected|chosen)(?:[ *_]{{1,4}}(?:answer|multiple))?|\b(?:my|the|our))[ *_-]{{1,4}}$"
        ),
        head=compiled(
            rf"(?:options?|choices?|alternatives?|letters?|selection){_END}{EMPHASIS}{_COMPLEMENT}{EMPHASIS}{_COPULA}"
            rf"{FILLERS}"
        ),
        short=True,
        untrue=compiled(_UNTRUE),
        doubtful=compiled(_DOUBTFUL),
        hypothetical=compiled(_HYPOTHETICAL),
        note=compiled(_NOTE),
    ),
    Announcement(
        stems=("result", "solution", "output", "conclusion"),
        head=compiled(
            rf"(?:results?|solutions?(?: sets?)?|outputs?|conclusions?){_END}{EMPHASIS}{_COMPLEMENT}{EMPHASIS}{_COPULA}"
            rf"{FILLERS}"
        ),
        heading=compiled(
            rf"results?{_END}|conclusions?{_END}(?=[ \t*_:#]{{0,6}}\n[\s*_$>(\\]{{0,8}}(?:boxed)?[-+{{]{{0,2}}[\d\\A-J]"
            r"(?![a-z])[^\n]{0,40}(?:\n|\Z))"
        ),
        colon_at_line_start=True,
        weak=True,
        values_only=True,
        untrue=compiled(_UNTRUE),
        doubtful=compiled(_DOUBTFUL),
        hypothetical=compiled(_HYPOTHETICAL),
        note=compiled(_NOTE),
    ),
    Announcement(
        stems=("correct", "final", "required", "right"),
        head=compiled(
            r"(?:correct|final|required|right)[ \t*_]{1,4}(?:value|number|word|response|order|sequence|total|expression"
            rf"|statement|one|count|verdict|decision)s?\b"
            rf"{EMPHASIS}{_COMPLEMENT}{EMPHASIS}{_COPULA}{FILLERS}"
        ),
        weak=True,
        colon_at_line_start=True,
        untrue=compiled(_UNTRUE),
        doubtful=compiled(_DOUBTFUL),
        hypothetical=compiled(_HYPOTHETICAL),
        note=compiled(_NOTE),
    ),
)
