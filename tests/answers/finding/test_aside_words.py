"""That the words by which asides are told at once leave none out."""

import random

import pytest

from a2r_ray.answers.finding import asides
from a2r_ray.answers.finding.aside_words import may_be_aside

WORDS = (
    *("path 2", "attempt #1", "the student", "most people", "he", "model A", "candidate 3:", "some", "everyone", "I"),
    *("says", "say", "said", "thinks that", "claims", "believed", "gets", "found", "agree", "concludes", "dit que"),
    *("the answer", "is", "the final answer is", "of", "the", "that", "wrong", "not true that", "easy to think"),
    *("if", "without", "were", "would be", "could", "in general", "for n = 3", "otherwise", "unless", "so", "but"),
    *("a mistake gives", "tempting to say", "might think", "popular answer", "majority answer", "it's", ",", ";", "we"),
    *("computes", "train", "apples", "add", "step by step", "dice che", "sagt", "cree que", "answerer 2", "per", "way"),
)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_an_aside_has_one_of_them(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)
    texts = [" ".join(dice.choices(WORDS, k=dice.randrange(1, 8))) + r" \boxed{7}" for _ in range(4_000)]
    places = [(text, text.index("\\"), len(text)) for text in texts]
    found = [asides.boxed_aside(*place) for place in places]
    monkeypatch.setattr(asides, "may_be_aside", lambda _: True)
    assert found == [asides.boxed_aside(*place) for place in places]
    assert 400 < sum(each is not None for each in found) < 3_600


def test_most_sentences_have_none() -> None:
    assert not may_be_aside("We add 3 and 4 apples, and so the answer is ")
    assert may_be_aside("Path 2 gets ")
    assert may_be_aside("La réponse de Paul est ")
