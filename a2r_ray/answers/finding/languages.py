"""Languages: how answers are announced in others than English."""

from dataclasses import dataclass

from a2r_ray.answers.finding.announcement import ASIDE, EMPHASIS, SPACE, VALUE, Announcement, compiled, fillers

_NOTE = compiled(
    r"[\s*_(（\[>#]{0,8}(?:hinweis|anmerkung|bemerkung|beachte|remarques?|nota|note|notez|observa"
    r"|observação|obs\b|osservazione|примечание|замечание|注意|注释|備考|注|备注|補足|참고|주의|ملاحظة)"
)
_DOUBTFUL = compiled(
    r"(?:一个|一個|正)?整数|整數|小数|分数\Z|정수"
    r"|(?:un|une|uma?|una|eine?|ein) (?:\w+ )?(?:entier|nombre|número|numero|zahl|intero|entero|inteiro)\b"
    r"|целое|целым|число\b"
)
_MARK = r"={1,3}>|-{1,2}>|→|⇒|[:：]-(?=[ \t])|[:：=≈≅]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Language:
    """The words of a language that writes spaces between them, as patterns."""

    after: str = r"(?!)"
    """Adjectives behind the word for an answer."""
    with_words: str = r"(?!)"
    """What begins a complement: the answer TO the question."""
    copulas: str
    """Verbs for "is"."""
    adverbs: str
    """Words such as "therefore"."""
    untrue: str
    """How what follows begins where it is no answer."""
    hypothetical: str = r"(?!)"
    """What stands before where nothing is announced."""
    closing: str = r"(?!)"
    """What follows an answer in its sentence."""
    gives: str = r"(?!)"
    """What stands before where the noun alone announces."""

    def announces(self, *stems: str, nouns: str, weak: bool = False) -> Announcement:
        """Its announcements with certain nouns, where one of the stems stands."""
        inner = r"(?:[^\n.:?]|[.:](?=\d))"
        adverbs = self.adverbs
        return Announcement(
            stems=stems,
            head=compiled(
                rf"(?:{nouns})(?!\w)(?:{EMPHASIS}(?:{self.after})(?!\w)){{0,2}}(?:{SPACE}{{0,2}}{ASIDE})?"
                rf"(?:{SPACE}{{1,3}}(?:{self.with_words})(?!\w){inner}{{0,90}}?)?"
                rf"{EMPHASIS}(?:,?{SPACE}{{0,2}}(?:{adverbs})(?!\w),?{SPACE}{{0,2}})?"
                rf"(?:{_MARK}|(?<!\w)(?:{self.copulas})(?!\w)){fillers(adverbs)}"
            ),
            heading=None if weak else compiled(rf"(?:{nouns})(?!\w)(?: (?:{self.after})(?!\w))?"),
            dash=not weak,
            alone=compiled(rf"(?:{nouns}){fillers(adverbs)}{SPACE}?{VALUE}"),
            gives=compiled(self.gives),
            weak=weak,
            colon_at_line_start=weak,
            values_only=weak,
            within_words=True,
            untrue=compiled(self.untrue),
            doubtful=_DOUBTFUL,
            hypothetical=compiled(self.hypothetical),
            note=_NOTE,
            closing=compiled(self.closing),
        )


_GERMAN = _Language(
    with_words="auf|zu|zur|zum|der|des|für|in|im|von|auch",
    copulas=r"(?:ist|lautet) nicht [^\n.,]{1,40}, sondern|lautet|lauten|ist|sind|wäre|wären|beträgt"
    r"|ergibt sich zu|entspricht|muss|sollte|dürfte|heißt|wird",
    adverbs=r"also|somit|daher|folglich|demnach|dann|ungefähr|etwa|circa|ca\.|rund|genau|damit|deshalb|gleich|nun"
    r"|schließlich|einfach|letztlich|näherungsweise|Option|Antwort",
    untrue=r"(?:nicht|falsch|korrekt|wie folgt|im|in (?:der|dem|den|diese[rm])|auf|davon|abhängig|gerundet|klar|so"
    r"|offensichtlich|hilfreich|unklar|einfach|oben|unten|hier|dass|wenn|weil|durch|noch|unbekannt|verständlich"
    r"|nützlich|gegeben|bekannt|leicht|schwer)(?!\w)|richtig, ",
    hypothetical=r"(?<!\w)(?:ob|wenn|falls|angenommen|weil|dass|warum)(?:,)? (?:die|das|meine|deine|unsere)?"
    r"(?: \w{2,14})? ?$|(?<!\w)(?:falsche|keine|erste|jede) $",
    closing=r" (?:sein|betragen|lauten)$",
    gives=r"\b(?:ist|lautet|wäre|beträgt) (?:die|das|unsere|meine) (?:\w{4,14} )?(?:end)?$",
)
_FRENCH = _Language(
    after=r"finale?s?|correcte?s?|exacte?s?|juste|attendue|définitive|complète|obtenu",
    with_words="à|a|de|du|des|pour|en|au|aux|est-elle",
    copulas=r"n['’]est pas [^\n.,]{1,40},? mais(?: bien)?|est|sont|serait|sera|doit être|devrait être|vaut"
    r"|égale|devient|reste",
    adverbs=r"donc|alors|ainsi|environ|approximativement|à peu près|exactement|par conséquent|bien|égale? à|finalement"
    r"|de(?= \d)|l['’]option|la lettre|simplement|enfin",
    untrue=r"(?:pas|dans (?:le|la|ce|cette)|la suivante|le suivant|comme suit|basée?|fausse?|incorrecte?|correcte?"
    r"|évidente?|claire?|arrondie?|obtenue?|trouvée?|donnée?|utile|ci-dessous|ci-dessus|en fonction|inconnue?|que|car"
    r"|facile|simple|expliquée?|calculée?)(?!\w)|juste(?:,| car)",
    hypothetical=r"(?<!\w)(?:si|que si|supposons que|pourquoi|comment) (?:la|le|ma|ta|votre|cette)?(?: \w{2,14})? ?$"
    r"|(?<!\w)(?:mauvaise|fausse|aucune|première|chaque|cette) $",
)
_SPANISH = _Language(
    after=r"correct[ao]s?|final(?:es)?|definitiv[ao]|exact[ao]|adecuad[ao]|buena|obtenid[ao]|esperad[ao]",
    with_words="a|al|de|del|para|en|que",
    copulas=r"no es [^\n.,]{1,40},? sino|es|son|sería|será|debe ser|debería ser|tiene que ser|equivale a|vale|queda|da",
    adverbs=r"entonces|por (?:lo )?tanto|por ende|así|pues|aproximadamente|alrededor de|cerca de|unos|exactamente"
    r"|igual a|finalmente|simplemente|la opción|opción|la letra|la(?= [A-J](?!\w))",
    untrue=r"(?:no (?=\w)|(?:en (?:la|el|esta|este)|la siguiente|el siguiente|como sigue|basad[ao]|incorrect[ao]"
    r"|obvi[ao]|clar[ao]|redondead[ao]|obtenid[ao]|encontrad[ao]|dad[ao]|útil|que|porque|según|desconocid[ao]|fácil"
    r"|sencill[ao]|calculad[ao])(?!\w))|correct[ao](?:,| porque)",
    hypothetical=r"(?<!\w)(?:si|supongamos que|suponiendo que|por qué) (?:la|el|mi|tu|su|esta)?(?: \w{2,14})? ?$"
    r"|(?<!\w)(?:mala|ninguna|primera|cada|esta) $",
)
_PORTUGUESE = _Language(
    after=r"corret[ao]s?|certa|final|definitiv[ao]|exat[ao]|adequad[ao]|obtid[ao]|esperad[ao]|correct[ao]",
    with_words="a|à|ao|de|da|do|para|em|que",
    copulas=r"não é [^\n.,]{1,40},? mas(?: sim)?|é|são|seria|será|deve ser|deveria ser|tem que ser"
    r"|equivale a|vale|fica|dá",
    adverbs=r"portanto|então|assim|logo|aproximadamente|cerca de|exatamente|igual a|por isso|finalmente"
    r"|simplesmente|a letra|a opção|a alternativa|letra|alternativa",
    untrue=r"(?:não (?=\w)|(?:n[ao]|nest[ae]|em|a seguinte|o seguinte|como segue|baseada|errada|incorreta|óbvia|clara"
    r"|arredondada|obtid[ao]|encontrad[ao]|dad[ao]|útil|que|porque|desconhecida|fácil|simples|calculad[ao])(?!\w))"
    r"|(?:correta|certa)(?:,| porque)",
    hypothetical=r"(?<!\w)(?:se|suponha que|supondo que|por que) (?:a|o|minha|sua|esta)?(?: \w{2,14})? ?$"
    r"|(?<!\w)(?:nenhuma|primeira|cada|esta) $",
)
_ITALIAN = _Language(
    after=r"corrett[ao]|esatt[ao]|finale|giust[ao]|definitiv[ao]|ottenut[ao]",
    with_words="a|al|alla|allo|di|del|della|per|in|che",
    copulas=r"non è [^\n.,]{1,40},? (?:ma|bensì)|è|e'|sono|sarebbe|sarà|deve essere|dovrebbe essere|vale"
    r"|risulta|diventa|equivale a",
    adverbs=r"quindi|dunque|perciò|pertanto|allora|circa|approssimativamente|esattamente|uguale a|pari a|infine"
    r"|semplicemente|l['’]opzione|la lettera|essere",
    untrue=r"(?:non|nella|nel|in (?:questa|questo)|la seguente|il seguente|come segue|basata|sbagliata|errata|ovvia"
    r"|chiara|arrotondata|ottenut[ao]|trovat[ao]|dat[ao]|utile|che|perché|sconosciuta|facile|semplice|calcolat[ao])"
    r"(?!\w)|(?:corretta|giusta)(?:,| perché)",
    hypothetical=r"(?<!\w)(?:se|supponiamo che|supponendo che|perché) (?:la|il|mia|tua|questa)?(?: \w{2,14})? ?$"
    r"|(?<!\w)(?:nessuna|prima|ogni|questa) $",
)
_RUSSIAN = _Language(
    with_words="на|в|к|для|по|этой|задачи",
    copulas=r"[—–-]|не [^\n.,]{1,40}, а|равен|равна|равно|равняется|это|есть|является|будет|составляет"
    r"|должен быть|таков|получается",
    adverbs=r"примерно|приблизительно|около|равен|равна|следовательно|таким образом|значит|поэтому|это|итак|точно"
    r"|просто|вариант|[—–](?= )",
    untrue=r"(?:не|в (?:таблице|тексте|задаче)|следующ\w{1,4}|неверн\w{1,3}|неправильн\w{1,3}|правильный|верный"
    r"|очевиден|зависит|основан|округл\w{1,5}|ниже|выше|сначала|пусть|рассмотрим|обозначим|найд[её]м|давайте"
    r"|заметим|по условию|известно|шаг|так как|получен|найден|неизвестен|понятен|полезен|ясен|прост|что|потому)(?!\w)",
    gives=r"(?:^|[\s,])$",
    hypothetical=r"(?<!\w)(?:если|пусть|предположим,? что|почему|что|неправильный|неверный|первый|каждый|этот)"
    r"(?: \w{2,14})? ?$",
)
_ARABIC = _Language(
    after=r"النهائية?|النهائي|الصحيحة?|المطلوبة?|هنا|الصواب",
    with_words="على|عن|لهذا|لهذه|للسؤال|في",
    copulas=r"هي|هو|هما|هم|تساوي|يساوي|ستكون|سيكون|تكون|يكون",
    adverbs=r"تقريبا|تقريبًا|حوالي|إذن|بالتالي|إذا|لذلك|الخيار|فقط|بالضبط",
    untrue=r"(?:ليست?|غير|في|كما|على|كالتالي|أن|لأن|أدناه|أعلاه|واضحة?|مفيدة?|خاطئة?|خطأ)(?!\w)|صحيحة? ",
    hypothetical=r"(?<!\w)(?:إذا كانت?|لو كانت?|لماذا) ?$",
)
_REST = _Language(
    after=r"końcowa|ostateczna|prawidłowa|poprawna|akhir|cuối cùng|đúng|benar|nihai",
    with_words="op|till|på|na|dari|cho|của|untuk|til",
    copulas=r"is|zijn|är|er|to|wynosi|brzmi|adalah|ialah|là|bằng|olarak|є|дорівнює|—|on",
    adverbs=r"dus|ongeveer|alltså|cirka|ca|więc|zatem|około|jadi|sekitar|khoảng|vậy|altså|отже|приблизно|yaklaşık",
    untrue=r"(?:niet|als volgt|inte|följande|nie|następując\w{1,3}|tidak|sebagai berikut|không|như sau|ikke|не|değil)"
    r"(?!\w)",
)

WITH_SPACES = (
    _GERMAN.announces("antwort", "lösungsbuchstabe", nouns="antwort(?:en)?|lösungsbuchstabe"),
    _GERMAN.announces("ergebnis", "lösung", "resultat", nouns="ergebnis(?:se)?|lösung(?:en)?|resultat", weak=True),
    _FRENCH.announces(
        "réponse", "reponse", "option correcte", "bonne option", nouns=r"r[ée]ponses?|option correcte|bonne option"
    ),
    _FRENCH.announces(
        "résultat", "la solution", "les solutions", nouns=r"résultats?|la solution|les solutions", weak=True
    ),
    _SPANISH.announces("respuesta", "opción", "opcion", "alternativa", nouns=r"respuestas?|opci[óo]n|alternativa"),
    _SPANISH.announces("resultado", "solución", "solucion", nouns=r"resultados?|soluci[óo]n(?:es)?", weak=True),
    _PORTUGUESE.announces(
        "resposta", "alternativa", "opção", "gabarito", nouns=r"respostas?|gabarito|alternativa|opção"
    ),
    _PORTUGUESE.announces("resultado", "solução", "soluções", nouns=r"resultados?|solução|soluções", weak=True),
    _ITALIAN.announces("rispost", "opzione", nouns=r"rispost[ae]|opzione|alternativa"),
    _ITALIAN.announces("risultat", "soluzione", nouns=r"risultat[oi]|soluzion[ei]", weak=True),
    _RUSSIAN.announces("ответ", "итого", nouns="ответ(?:ом|ы)?|итого"),
    _RUSSIAN.announces("правильный вариант", "верный вариант", nouns=r"(?:правильный|верный) вариант"),
    _RUSSIAN.announces("результат", "решени", nouns="результат(?:ом|ы)?|решени[ея](?:м|ми)?", weak=True),
    _ARABIC.announces("جابة", "جواب", "جابتي", "جوابي", nouns="جابة|جابات|جواب|جابتي|جوابي|جابتك"),
    _ARABIC.announces("الخيار الصحيح", nouns="الخيار"),
    _ARABIC.announces("النتيجة", "الناتج", "الحل", nouns="النتيجة|الناتج|الحل", weak=True),
    _REST.announces(
        *("antwoord", "svaret", "svar:", "odpowiedź", "jawaban", "đáp án", "відповідь", "cevap", "उत्तर"),
        nouns="antwoord|svaret|svar|odpowiedź|jawaban(?:nya)?|đáp án|відповідь|cevap|उत्तर",
    ),
)

_ASIAN_SPACE = r"[ \t\u3000*_]{0,4}"
_SPACED = r"[ \t]{1,3}(?=[$\d(（-]|[A-H](?!\w))"
"""Before a number or a letter that follows without a verb."""
_CHINESE_UNTRUE = compiled(
    r"不(?:确定|確定|明显|明顯|是|对|對|唯一|清楚|在|正确的?，)|(?:错|錯)[误誤]?(?:的)?[，,因]|如下|基于|根据|根據|以下|下面|上面|在(?:上|下|表|文)|什么|什麼"
    r"|多少|否(?![。.!！]?\Z)|见|見|请|請|正确的?[，,]|通过|由"
)

WITHOUT_SPACES = (
    Announcement(
        stems=("答案", "正确选项", "正確選項", "选项是", "選項是", "答：", "答:", "解答：", "解答:"),
        head=compiled(
            rf"(?:答案|正[确確][选選][项項]|[选選][项項]|解?答(?=[:：])){_ASIAN_SPACE}(?:（[^（）\n]{{1,40}}）|\([^()\n]{{1,40}}\))?"
            rf"{_ASIAN_SPACE}(?:因此|所以|就|便|也|大[约約概]|应该|應該|应当|应|應)?(?:[选選][项項]?)?(?:】?[:：=＝≈]|】|{_SPACED}"
            rf"|[选選](?=[ \t*(（]{{0,4}}[A-H])|(?=如下)"
            rf"|(?:并|並)?(?:不是|非)[^\n。，,]{{1,40}}[，,]?[ ]?而是|[约約]为?|等于"
            rf"|等於"
            rf"|是|为|為|即)"
            rf"(?:{_ASIAN_SPACE}(?:[:：=＝≈~]|[选選][项項]|大?[约約]|约为|大概|近似|等于|等於|所以|因此|是(?!的?(?:[\s。，.,!！]|\Z))|为|為)){{0,4}}"
        ),
        heading=compiled("答案"),
        closing=compiled(r"(?<=[A-H])[选選]?[项項]$|[，,](?:谢谢|謝謝|希望|祝)[^，,]{0,40}$"),
        within_words=True,
        untrue=_CHINESE_UNTRUE,
        doubtful=_DOUBTFUL,
        hypothetical=compiled(
            r"(?:如果|假设|假設|若|假如|是否|为什么|错误的?|錯誤的?|可能的?)(?:最终|正确|的|这个|这道题的)?$"
        ),
        note=_NOTE,
    ),
    Announcement(
        stems=("选", "選"),
        before=compiled(r"(?:^|[故应應所以因此则則我会會题題空项項，。,：:；;\n\s])(?:应该|應該|应|應|该|正确答案)?$"),
        head=compiled(r"[选選](?:[择擇])?(?:[项項])?(?:[:：])?(?=[ \t*(（]{0,4}[A-H](?![A-Za-z]))"),
        short=True,
        within_words=True,
        hypothetical=compiled(r"(?:不|如果)(?:应该?|能)?$"),
        note=_NOTE,
    ),
    Announcement(
        stems=("结果", "結果"),
        head=compiled(
            rf"[结結]果{_ASIAN_SPACE}(?:就|应该?|應該?)?(?:[:：=＝]|等于|等於|是|为|為|は){_ASIAN_SPACE}(?:[:：]|大?[约約]|、)?"
        ),
        weak=True,
        within_words=True,
        untrue=_CHINESE_UNTRUE,
        doubtful=_DOUBTFUL,
        closing=compiled(r"(?:です|でした|である|だ|となります|となる|になります|になる)$"),
        note=_NOTE,
    ),
    Announcement(
        stems=("答え", "正解", "選択肢は", "選択肢が", "解答は", "解は", "回答は", "解答：", "回答：", "回答:", "答："),
        head=compiled(
            rf"(?:答え|正解|解答|解|回答|答|選択肢(?=は[ \t*(（]{{0,3}}[A-Z0-9ア-オ]))(?:の(?:値|選択肢|番号|数))?"
            rf"{_ASIAN_SPACE}"
            rf"(?:（[^（）\n]{{1,40}}）|\([^()\n]{{1,40}}\))?{_ASIAN_SPACE}"
            rf"(?:は|が|】?[:：=＝]|】|{_SPACED})"
            rf"(?:{_ASIAN_SPACE}(?:[:：、,=]|約|およそ|だいたい|したがって|よって|つまり"
            r"|選択肢(?=[ \t*(（]{0,3}[A-Z0-9ア-オ]))){0,4}"
        ),
        heading=compiled("答え|正解|解答|最終回答"),
        within_words=True,
        untrue=compiled(
            r"次の|以下|上記|上の|下の|明らか|わかりません|分かりません|不明|ありません|正しい|間違|表|まだ|何|どれ|存在し|一意|簡単|ない"
        ),
        doubtful=_DOUBTFUL,
        closing=compiled(
            r"(?:(?<=[A-Z])番)?(?:です(?:ね|よ)?|でした|である|だ|となります|となる|になります|になる|ということです|と考えられます|でしょう)$"
        ),
        hypothetical=compiled(r"(?:もし|仮に|この)(?:正しい)?$"),
        note=_NOTE,
    ),
    Announcement(
        stems=("답", "결과", "정답"),
        before=compiled(r"(?:^|[\s*_#(:：\"'.,【]|최종|정|해|올바른|맞는)$"),
        head=compiled(
            rf"(?:답변|답안?|결과|정답)(?:\([^()\n]{{1,40}}\))?{_ASIAN_SPACE}(?:은|는|이|가(?= ))?{_ASIAN_SPACE}"
            rf"(?:\([^()\n]{{1,40}}\){_ASIAN_SPACE})?"
            r"(?:】?[:：=]|】|(?<=[은는이가])(?=[\s*])|(?<=[은는])[ \t]|(?<=[은는이가] ))"
            rf"(?:{_ASIAN_SPACE}(?:[:：]|약|대략|따라서|그러므로|바로|즉)){{0,3}}"
        ),
        heading=compiled("답|정답"),
        within_words=True,
        untrue=compiled(r"다음|아래|위(?:의|에|와)|명확|알 수|없|아닙|아니|틀|맞(?:습|다)|무엇|표에"),
        doubtful=_DOUBTFUL,
        closing=compiled(
            r"(?:(?<=[A-Z])번)?(?:입니다|이다|이에요|예요|이며|이고|[이가]? ?됩니다|임"
            r"|[와과] 같습니다|이라고 할 수 있습니다)$"
        ),
        hypothetical=compiled(r"(?:만약|만일|이|틀린)\s$"),
        note=_NOTE,
    ),
)
