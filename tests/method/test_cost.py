"""Cost: the arithmetic, and that nothing unknown is counted as free."""

import pytest

from a2r_ray.config.schema import Price
from a2r_ray.method.cost import cost_usd, total

PRICE = Price(input=0.3, output=3.0)


def test_prices_are_per_million_tokens() -> None:
    assert cost_usd(PRICE, 1_000_000, 0) == pytest.approx(0.3)
    assert cost_usd(PRICE, 0, 1_000_000) == pytest.approx(3.0)
    assert cost_usd(PRICE, 200, 1000) == pytest.approx(0.00306)


def test_tokens_without_a_price_cost_an_unknown_sum() -> None:
    assert cost_usd(None, 1, 0) is None
    assert cost_usd(None, 0, 1) is None


def test_no_tokens_cost_nothing_whatever_the_price() -> None:
    assert cost_usd(None, 0, 0) == 0.0
    assert cost_usd(PRICE, 0, 0) == 0.0


def test_a_free_model_is_not_an_unknown_one() -> None:
    assert cost_usd(Price(input=0.0, output=0.0), 5, 5) == 0.0


def test_a_total_with_an_unknown_part_is_unknown() -> None:
    assert total([1.0, None]) is None
    assert total([None]) is None
    assert total([0.25, 0.5]) == 0.75
    assert total([]) == 0.0


def test_one_role_without_a_price_makes_the_sum_of_both_unknown_only_if_it_was_used() -> None:
    assert total([cost_usd(PRICE, 10, 10), cost_usd(None, 10, 10)]) is None
    assert total([cost_usd(PRICE, 10, 10), cost_usd(None, 0, 0)]) == cost_usd(PRICE, 10, 10)


def test_many_small_costs_lose_nothing() -> None:
    assert total([0.1] * 1_000_000) == 100_000.0


def test_a_generator_will_do() -> None:
    assert total(cost for cost in (1.0, 2.0)) == 3.0
