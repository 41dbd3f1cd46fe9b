"""What Reasoning Gym's scorers say of right answers, and of right answers with two parts in each other's place.

    python -m benchmarks.gym

Prints the table of docs/answers.md: of two problems of each dataset, how many swaps were tried, how many of them its
scorer accepts, and how many a vote takes for the right answer that they were made of.
"""

from a2r_ray.answers.kinds.gym import Gym
from a2r_ray.answers.reasoning_gym import factory
from tests.answers.kinds.test_gym import _NEEDS_A_COMPILER, _NO_ANSWER, generated, own_answer, swapped


def main() -> None:
    print("| dataset | right answers | swaps | accepted by its scorer | joined in the vote |\n|---|---|---|---|---|")
    for name in sorted(set(factory().DATASETS) - _NO_ANSWER - _NEEDS_A_COMPILER):
        right = tried = accepted = joined = 0
        for problem in generated(name):
            answer, kind = own_answer(problem, name), Gym(problem, name)
            right += kind.right(answer)
            for swap in swapped(answer):
                tried += 1
                accepted += kind.right(swap)
                joined += kind.equal(answer, swap)
        print(f"| {name} | {right} of 2 | {tried} | {accepted or ''} | {joined or ''} |", flush=True)


if __name__ == "__main__":
    main()
