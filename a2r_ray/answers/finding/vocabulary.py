"""Vocabulary: words that tell where sentences end and what is no answer."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS = _words("sin cos tan cot sec csc log ln exp sqrt arcsin arccos arctan sinh cosh tanh pi max min mod gcd")
"""Names that are mathematics."""
NO_PART = _words(
    "is are was were so then the this that these we it he she they you there step because since therefore thus "
    "hence let first next now has have had be to take takes need needs get gets add if with for from"
)
"""Words that make a sentence of what else would be a number with its unit."""
YES_NO = _words(
    "yes no true false oui non sí si nein ja sim não да нет 是 否 不是 对 错 はい いいえ 예 아니요 아니오 네 نعم لا"
)
"""Yes and no, true and false."""
NO_ANSWERS = _words(
    "sorry ok okay sure hello hi hey thanks thank you well hmm wait so let the a an i we it this that first step "
    "to in on of and or but if then now here there is are was be for with as by at from what why how when where "
    "which who answer solution final thinking analysis question problem note given error text"
)
"""Words that alone, or at either end, are no answer."""
TITLES = _words(
    "Dr Mr Mrs Ms Mx Prof St Ste Mt Ft Sgt Capt Col Gen Lt Maj Cmdr Rev Hon Gov Sen Rep Pres Messrs Sra Srta Dra "
    "Hr Herr Mme Mlle Sr Jr Sta Sto Ing Mag"
)
"""Abbreviations before a name."""
SHORT = _words("vs cf viz approx ca bzw ggf inkl env aprox e.g i.e E.g I.e z.B d.h p.ej т.е т.д Ph.D M.D")
"""Abbreviations in the middle of a sentence."""
BEFORE_A_NUMBER = _words(
    "No Nos no Nr Fig Figs Eq Eqs Vol Ch Sec Art Op Thm p pp Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec ft "
    "in lb lbs oz hr hrs min mins sec secs mi yd Rs Abb Kap Nº"
)
"""Abbreviations where a number follows."""
COMPANIES = _words("Inc Ltd Co Corp Bros Ave Blvd Rd Esq al etc dept est")
"""Abbreviations at the end of a name or a list, where the sentence may end as well."""
STARTERS = _words(
    "The This That These Those It It's Its I I'm I've We We've You He She They There There's Then Therefore Thus "
    "Hence So Because Since As In If For From To Let Let's Note However But And Or Also Here Hope Please Is Are "
    "Was What Which When Where Why How Now First Next Finally Explanation Reason Reasoning Step My Our Your "
    "Option Choice An All Each Both None No Yes Given By On At With After Before While Although Other Others "
    "Answer"
)
"""How a sentence begins, and seldom a name."""
MONTHS = _words(
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember Jahrhundert Klasse Platz "
    "januar februar mars maj juni juli august oktober desember december"
)
"""What may follow an ordinal that is written with a full stop."""
AFTER_A_UNIT = _words("of and per by long tall wide high deep")
"""What may follow the abbreviation of a unit in its sentence."""
LETTERED = _words(
    "Option Choice Answer Letter Vitamin Type Group Class Plan Team Point Malcolm Grade Hepatitis Appendix Figure Table"
    " Section Part Step Case Set Statement Column Row Box Line Item Model Version Category"
)
"""What has a letter behind it that is no initial."""
