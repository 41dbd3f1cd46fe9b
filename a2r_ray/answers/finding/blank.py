r"""Blanks: what stands where an answer should, and is none."""

import re

MAX_LENGTH = 4_000
"""Characters; what is longer is no answer."""

BLANK = re.compile(
    r"(?:[\s._?…$*-]|\\(?:text|textbf|mathrm|mbox)\{[\s._?…]{0,9}\}|\\[,;:! ]|\\(?:quad|square|Box|[lc]?dots))*"
    r"|(?:\\text\{\s?)?[\[(<]?\s?(?:insert |put )?(?:the |your )?(?:final )?(?:numerical |numeric )?(?:answer|ans)"
    r"(?: here| goes here)?\s?[\])>]?\}?"
    r"|[\[<{](?:your |the |an? )?(?:final |correct )?(?:number|value|letter|option|choice|integer|result)[\]>}]",
    re.IGNORECASE,
)
r"""A place left open, as a repetition of the question's form has it: ``\boxed{...}``, ``\boxed{your answer}``."""
