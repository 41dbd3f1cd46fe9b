"""Magnitudes: words behind a number that multiply it, in many languages: ``12 millones``, ``12 Mrd.``, ``12万``."""

import re

_TABLE = """
10 dizaine decena dezena decina decine десяток десятка десятков
12 dozen dutzend douzaine docena dúzia duzia dozzina dozzine dozijn дюжина дюжины дюжин دزينة
100 hundred hundert centaine centena centinaio centinaia сотня сотни сотен مئة مائة सौ
1000 thousand tausend mil mille mila duizend tusen тысяча тысячи тысяч тыс ألف الف آلاف tysiąc tysiące tysięcy
1000 ribu nghìn ngàn हज़ार हजार
100000 lakh lac लाख
1000000 million mn mio millón millone millionen milione milioni milhão milhões miljoen miljon miljoner milyon
1000000 milion miliony milionów миллион миллиона миллионов млн مليون ملايين juta triệu
10000000 crore करोड़
1000000000 billion bn milliard mrd milliarde milliarden miliardo miliardi bilhão bilhões miljard miljarder milyar
1000000000 miliar miliard miliardy miliardów миллиард миллиарда миллиардов млрд مليار مليارات بليون tỷ
1000000000000 trillion billón billone billionen trilhão trilhões триллион триллиона триллионов трлн تريليون
1000000000000000000 trillón trillone trillionen
"""
_SIGNS = {"百": 100, "백": 100, "千": 1000, "천": 1000, "万": 10**4, "萬": 10**4, "만": 10**4, "亿": 10**8}
_SIGNS |= {"億": 10**8, "억": 10**8, "兆": 10**12, "조": 10**12}
_WORDS = {name: int(line.split()[0]) for line in _TABLE.strip().splitlines() for name in line.split()[1:]}
_NAMES = "|".join(map(re.escape, sorted(_WORDS, key=len, reverse=True)))
_MAGNITUDE = re.compile(
    rf" ?(?:\\text ?\{{ ?)?(?:({_NAMES})s?(?![^\W_])\.?|([{''.join(_SIGNS)}]))(?: ?\}})?(?: (?:de|di|d'|of)(?= ))? ?",
    re.IGNORECASE,
)
_SHORT = 3
_MOST = 3
"""Words and signs, as of ``mil millones`` and ``百万``."""


def magnitude(text: str, at: int) -> tuple[int, int]:
    """By what the words that stand here multiply the number before them, and where they end."""
    size = 1
    for _ in range(_MOST):
        found = _MAGNITUDE.match(text, at)
        if found is None or (len(found[1] or "") <= _SHORT and found[0][0].isalpha() and found[2] is None):
            break  # 12mn is a product
        size *= _SIGNS[found[2]] if found[2] else _WORDS[found[1].lower()]
        at = found.end()
    return size, at
