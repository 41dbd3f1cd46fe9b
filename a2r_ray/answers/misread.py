r"""What latex2sympy reads as something else, or drops: such mathematics is compared by its spelling and side by side.

It drops primes, the exponent ``T`` and dots between numbers, differentiates what is differentiated, takes the index of
a base for a name, brackets of an expectation for a product, n!! for
(n!)!, 2/3x for 2/(3x), and every product for one whose order does not count.
"""

import re

_MISREAD = re.compile(
    r"'|\\prime(?![a-z])|\\(?:vec|hat) ?\{[^{}]{1,40}\} ?\^ ?\{? ?T(?![a-zA-Z])"
    r"|[a-zA-Z]\^ ?(?:\{ ?)?\( ?[a-zA-Z0-9]{1,3} ?\) ?\}"  # f^{(4)}
    r"|[a-zA-Z]\^ ?\([a-zA-Z0-9]{1,3}\)[({]"
    r"|\}\{ ?(?:\\(?:math|text)[a-z]{0,6} ?\{ ?d ?\}|d) ?\\?[a-zA-Z]|\\partial"
    r"|(?<![a-zA-Z])d ?\^?[0-9]? ?[a-zA-Z]? ?/ ?d ?[a-zA-Z]"
    r"|\^ ?(?:\{ ?)?-? ?(?:\\(?:math|text)[a-z]{0,6} ?\{ ?)?(?:T(?![a-zA-Z0-9_])|[*]"
    r"|\\(?:top|intercal|dagger)(?![a-z]))"
    r"|[0-9]\}?\)?_|[0-9][0-9A-Fa-f]{1,20}\)?_ ?\{ ?1[1-9] ?\}"  # digits of a base
    r"|\\(?:[lc]?dots|circ|angle|triangle|nabla)(?![a-zA-Z])|[.] ?[.]"
    r"|(?<![a-zA-Z\\])(?:\\(?:math|text)[a-z]{0,6} ?\{ ?)?[a-zA-Z]\}?\["
    r"|(?<![a-zA-Z\\])(?:\\(?:math|text)[a-z]{0,6} ?\{ ?)?[EP]\}?\("
    r"|[A-Z]\^\{-1\} ?[A-Z]|[A-Z] ?[A-Z]\^\{-1\}"  # matrices
    r"|(?<![a-zA-Z\\])[fgh]\^\{-1\}|(?:/|\}\{) ?\\[dD]elta(?![a-z])"
    r"|! ?!|1 ?s ?\^"  # and shells of electrons
    r"|[1-7] ?[spdf] ?\^ ?(?:\{ ?[0-9]{1,2} ?\}|[0-9]) ?[1-7] ?[spdf](?![a-z])"
    r"|/ ?[0-9]{1,9} ?[a-zA-Z](?![a-zA-Z])"  # 2/3x may be meant either way
    r"|\\gamma ?\(|\\infty ?\]|\[ ?-? ?\\infty(?![a-z])"
)
_VECTORS = re.compile(r"\\(?:vec|hat|nabla|mathbf|boldsymbol|bm|overrightarrow|widehat)(?![a-zA-Z])")
_CROSS = re.compile(r"[a-zA-Z] ?\\times ?\\?(?![a-z]{2,} ?[0-9(])[a-zA-Z]")


def has_cross(text: str) -> bool:
    r"""Whether ``\times`` may be the product of vectors: between letters, or where vectors are."""
    return "\\times" in text and (_CROSS.search(text) is not None or _VECTORS.search(text) is not None)


def misread(text: str) -> bool:
    """Whether a text in the one way of writing holds what may not be left to math-verify."""
    return _MISREAD.search(text) is not None or has_cross(text)
