"""Which of several announcements counts, how far it goes, and what a reader writes down of it."""

import pytest

from a2r_ray.answers.finding import MAX_LENGTH, announced, extract, is_lost


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 12.\nNote: the answer is rounded to the nearest integer.", "12"),
        ("The answer is 12.\nNote: the answer is 12.4 before rounding.", "12"),
        ("The answer is 12. Please note that the answer is an integer.", "12"),
        ("The answer is 12. I hope this answer is helpful!", "12"),
        ("The answer is 12. Let me know if the answer is not what you wanted.", "12"),
        ("The answer is 12. If you doubt that the answer is right, ask.", "12"),
        ("The answer is 12. This answer is correct.", "12"),
        ("The answer is 12. The answer is an integer between 0 and 999.", "12"),
        ("The answer is 12. If there were 5 more, the answer would be 17.", "12"),
        ("The answer is 12. The answer makes sense.", "12"),
        ("Is the answer 5? No, the answer is 6.", "6"),
        ("The answer is not obvious. After some work, the answer is 6.", "6"),
        ("Answer: Let me think. 3 + 4 = 7. So the answer is 7.", "7"),
        ("The answer is 5. Checking, the result is 8.", "5"),
        ("The result is 5. So the answer is 6. The result is right.", "6"),
        ("The result is 5, and doubled, the result is 10.", "10"),
        ("Answer: B\nExplanation: the other options are wrong.", "B"),
        ("The answer is as follows:\n\n42", "42"),
        ("The answer is given below:\n$$x+1$$", "x+1"),
        ("The answer is as follows:\nFirst, we add. The answer is 9", "9"),
        ("Answer: 3\n\nWait, I made a mistake.\n\nAnswer: 4", "4"),
        ("The answer is 12.\n\nAlternatively, the answer is 12.0 if one decimal is wanted.", "12"),
        (r"The answer is $\frac{1}{3}$. As a decimal, the answer is approximately 0.333.", r"\frac{1}{3}"),
        ("The answer is 12. The answer to the previous question was 5.", "12"),
        ("The answer is 12. The answer is also the sum of 5 and 7.", "12"),
        ("The answer is 12. Remember, the answer is always positive.", "12"),
        ("The answer is 12. Thus, the answer is reasonable.", "12"),
        ("One might think the answer is 5. However, the answer is 12.", "12"),
        ("The given answer is 5, but the correct answer is 12.", "12"),
        ("The answer is 12. If the answer is 12, then 12 - 5 = 7. Correct!", "12"),
        (r"\boxed{5}. The answer is 6", "5"),
        (r"At first \boxed{5}. <answer>6</answer>", "6"),
        (r"<answer>6</answer> \boxed{5}", "5"),
        ("The answer is 5.\n#### 6", "6"),
        ('{"answer": 5}\nThe answer is 6.', "6"),
        ("```python\nanswer = x + y\nprint(answer)\n```\nThe answer is 7", "7"),
        ("The answer is 7.\n```python\nanswer = x + y\n```", "7"),
        ("The answer is 5?\nThe answer is 6.", "6"),
        ("The answer is 5, right?", "5"),
    ],
)
def test_the_last_real_announcement_counts(text: str, answer: str) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is Dr. Lee.", "Dr. Lee"),
        ("The answer is Dr. Lee. He was there.", "Dr. Lee"),
        ("The answer is St. Louis, Missouri.", "St. Louis, Missouri"),
        ("The answer is the U.S. Constitution.", "the U.S. Constitution"),
        ("The answer is the U.S. It was first.", "the U.S"),
        ("The answer is 3.5. Good.", "3.5"),
        ("The answer is a fruit, e.g. an apple.", "a fruit, e.g. an apple"),
        ("The answer is J. K. Rowling.", "J. K. Rowling"),
        ("The answer is George W. Bush.", "George W. Bush"),
        ("The answer is Mr. Smith and Mrs. Jones.", "Mr. Smith and Mrs. Jones"),
        ("The answer is No. 5.", "No. 5"),
        ("The answer is No. The others are.", "No"),
        ("The answer is B. Because it is.", "B"),
        ("The answer is B. The others are wrong.", "B"),
        ("The answer is approx. 5 km.", "5 km"),
        ("The answer is 5 p.m. The train leaves.", "5 p.m"),
        ("The answer is 5 ft. 6 in. tall.", "5 ft. 6 in"),
        ("Die Antwort ist der 3. Oktober 1990.", "der 3. Oktober 1990"),
        ("The answer is Mt. Everest!", "Mt. Everest"),
        ("The answer is Paris! It is.", "Paris"),
        ("The answer is 5!.", "5!"),
        ("There are 4! ways for one, so the answer is 5!", "5!"),
        ("The answer is Vitamin C. Oranges have it.", "Vitamin C"),
        ("The answer is 12 oz. of gold.", "12 oz. of gold"),
        ("The answer is J.R.R. Tolkien. He wrote it.", "J.R.R. Tolkien"),
        ("The answer is World War II. It ended.", "World War II"),
        ("The answer is v1.2.3. Good.", "v1.2.3"),
        ('The answer is "Dr. No. A film."', '"Dr. No. A film."'),
    ],
)
def test_a_full_stop_that_ends_no_sentence_ends_no_answer(text: str, answer: str) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 12 because 3 * 4 = 12.", "12"),
        ("The answer is B, because rivers flow.", "B"),
        ("Answer: Yes, because it rains.", "Yes"),
        ("The answer is 12, which is even.", "12"),
        ("The answer is 12 (since 3 * 4 = 12).", "12"),
        ("The answer is 12; I checked it.", "12"),
        ("The answer is B. rivers", "B"),
        ("Answer: The total cost is $12.", "12"),
        (r"**Answer:** The probability is $\frac{1}{2}$.", r"\frac{1}{2}"),
        ("The answer is the Treaty of Versailles.", "the Treaty of Versailles"),
        ("The answer is the Treaty of Versailles, which ended the war.", "the Treaty of Versailles"),
        ("The answer is 3, 5 and 7.", "3, 5 and 7"),
        ("The answer is x = 1; y = 2.", "x = 1; y = 2"),
        ("The answer is D, as all the others are wrong.", "D"),
        ("The correct answer is 12, not 5.", "12"),
        ("The answer is yes, they do.", "yes"),
        ("The answer is the number 7.", "7"),
        ("The answer is 7 (seven).", "7"),
        ("The answer is 5 — the sum of 2 and 3.", "5"),
        ("Answer: 7; Confidence: 90%", "7"),
        ("Answer: There are 7 pens.", "7 pens"),
        ("Answer: Rivers carry sand to the sea.", "Rivers carry sand to the sea"),
    ],
)
def test_an_answer_is_without_its_reasons(text: str, answer: str) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ("The answer is B) rivers.", "B) rivers"),
        ("The answer is **B) rivers**.", "B) rivers"),
        ("The answer is (B) rivers", "(B) rivers"),
        ("The answer is B. rivers", "B. rivers"),
        ("Answer: B: rivers", "B: rivers"),
        ("The answer is option B.", "option B"),
        ("Answer: 12 pens\nThank you", "12 pens"),
        ("Answer: Yes, because 3 is odd. It is.", "Yes, because 3 is odd"),
        ("Answer:\n1 2 3\n4 5 6\n7 8 9\n\nThat is the grid.", "1 2 3\n4 5 6\n7 8 9"),
        ("Answer: 1 2\n3 4", "1 2\n3 4"),
        ("Answer:\n```\n#.#\n..#\n```\nDone.", "#.#\n..#"),
        ("Answer:\n#.#\n..#", "#.#\n..#"),
        ("Answer:\nup\nleft\nup\n", "up\nleft\nup"),
        ("Answer:\nup 2\nleft 1\n", "up 2\nleft 1"),
        ("Answer:\n- cats\n- dogs\n\nBye", "- cats\n- dogs"),
        ("Answer:\n12\nDone and dusted.", "12"),
        ('The answer is {"a": [1, 2]}', '{"a": [1, 2]}'),
        ('Answer:\n{"a":\n 1}', '{"a":\n 1}'),
        ("Answer: [[1, 2], [3, 4]]", "[[1, 2], [3, 4]]"),
        ("<answer>\n1 2\n3 4\n</answer>", "1 2\n3 4"),
        ("The answer is:\n$$\nx+1\n$$", "$$\nx+1\n$$"),
        ("The answer is $\\begin{pmatrix} 1 \\\\\n 2 \\end{pmatrix}$.", "$\\begin{pmatrix} 1 \\\\\n 2 \\end{pmatrix}$"),
        (r"So \boxed{\text{(B)}\ 9}", r"\text{(B)}\ 9"),
        ("12 pens", "12 pens"),
        ('{"a": 1}', '{"a": 1}'),
        ("1 2\n3 4", "1 2\n3 4"),
    ],
)
def test_the_stretch_that_announces_is_kept_whole(text: str, stretch: str) -> None:
    assert announced(text) == stretch


def test_the_last_number_counts_only_where_that_is_asked_for() -> None:
    text = "It takes 3 steps, then 4, so 1,250."
    assert extract(text) is None
    assert extract(text, guess_last_number=True) == "1,250"
    assert extract("none", guess_last_number=True) == "none"
    assert extract("So it is none at all.", guess_last_number=True) is None
    assert extract("The answer is B. See 3.", guess_last_number=True) == "B"
    assert extract("<think>4</think> so 10-5 makes -5 of 3/4", guess_last_number=True) == "3/4"
    assert extract("so it makes -5", guess_last_number=True) == "-5"


def test_a_long_answer_is_none() -> None:
    assert announced("The answer is " + "a " * MAX_LENGTH) is None
    assert announced("<answer>" + "a " * MAX_LENGTH + "</answer>") is None


@pytest.mark.parametrize("text", ["So\n####", "####\n", "<answer></answer>", "Answer: ..."])
def test_marks_without_an_answer_are_lost(text: str) -> None:
    assert is_lost(text)
