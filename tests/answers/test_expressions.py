"""What is read as an expression, and that derivatives are right."""

import pytest

from a2r_ray.answers.expressions import ARITHMETIC, FUNCTIONS, POLYNOMIALS, Grammar, is_derivative, read


@pytest.mark.parametrize(
    ("text", "grammar"),
    [
        ("(1 + 2)*3 - -4/5", ARITHMETIC),
        (" 7 ", ARITHMETIC),
        ("3*x**2 - 1.5*y*z + (x + 1)**99", POLYNOMIALS),
        ("-x**(3/2)*sqrt(1 - 4*x**2)/E**(2*x) + pi*log(x)**2 + C", FUNCTIONS),
    ],
)
def test_what_is_an_expression(text: str, grammar: Grammar) -> None:
    assert read(text, grammar) is not None


EVIL = "__import__('os').system('touch /tmp/evil')"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1 +", "1 = 1", "1, 2", "1; 2", "1\n+2", "x.y", "x[0]", "f(1)", "abs(1)", "2 if 1 else 3", "not 1"),
        *("lambda x: x", "1 // 2", "1 % 2", "1 << 2", "1e5", "1j", "'a'", "True", "xy", "\uff11", "5!", "(1)(2)", EVIL),
        *("(" * 300 + "1" + ")" * 300, "1+" * 600 + "1", "1" + "+1" * 300),
    ],
)
def test_what_is_no_arithmetic(text: str) -> None:
    assert read(text, ARITHMETIC) is None


@pytest.mark.parametrize("text", ["-" * 999 + "1", "1" + "+x" * 150, "(" * 199 + "1" + ")" * 199, "9" * 1000])
def test_depth_and_size_end_nothing(text: str) -> None:
    for grammar in (ARITHMETIC, POLYNOMIALS, FUNCTIONS):
        tree = read(text, grammar)
        assert tree is None or not is_derivative(tree, tree, "x")


@pytest.mark.parametrize("text", ["9**9**9", "(9**9)**9", "9**100", "9**x", "9**9.0", "(x + 9**9)**9", "sin(x)", "pi"])
def test_polynomials_have_no_powers_that_grow(text: str) -> None:
    assert read(text, POLYNOMIALS) is None


@pytest.mark.parametrize("text", ["eval(x)", "exp(x, x)", "exp(x=1)", "sin", "open(x)", "x.real", "sin(x)(x)", "exp()"])
def test_functions_are_only_the_known_ones(text: str) -> None:
    assert read(text, FUNCTIONS) is None


def derivative(of: str, antiderivative: str, variable: str = "x") -> bool:
    trees = read(of, FUNCTIONS), read(antiderivative, FUNCTIONS)
    assert trees[0] is not None
    assert trees[1] is not None
    return is_derivative(*trees, variable)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "antiderivative"),
    [
        ("2*x", "x**2 + C"),
        ("2*x", "x**2 - 7"),
        ("2*x", "(x - 1)*(x + 1)"),
        ("x**-1", "log(3*x)"),
        ("exp(2*x)", "E**(2*x)/2"),
        ("sqrt(2*x + 1)", "(2*x + 1)**(3/2)/3"),
        ("asin(3*x)", "x*asin(3*x) + sqrt(1 - 9*x**2)/3"),
        ("-3*exp(x)*cos(x)", "-3*exp(x)*(sin(x) + cos(x))/2"),
        ("x**x*(log(x) + 1)", "x**x"),
        ("1/cos(x)**2", "tan(x)"),
        ("tan(x)*sec(x)", "sec(x)"),
        ("-cot(x)*csc(x)", "csc(x)"),
        ("-csc(x)**2", "cot(x)"),
        ("-1/sqrt(1 - x**2)", "acos(x)"),
        ("1/(x**2 + 1)", "atan(x)"),
        ("cosh(x)", "sinh(x)"),
        ("sinh(x)", "cosh(x)"),
        ("1 - tanh(x)**2", "tanh(x)"),
        ("0.5*ln(x)", "0.5*(x*ln(x) - x)"),
    ],
)
def test_derivatives(of: str, antiderivative: str) -> None:
    assert derivative(of, antiderivative)
    assert not derivative(f"{of} + 1", antiderivative)
    assert not derivative(of, f"1.0001*({antiderivative})")


def test_the_variable_matters() -> None:
    assert derivative("2*X", "X**2 + x", "X")
    assert not derivative("2*X", "X**2", "x")


@pytest.mark.parametrize(
    "antiderivative", ["x**2/0", "exp(exp(exp(exp(9*x))))", "9**9**9**9*x", "log(0)*x", "x**0.5**-999"]
)
def test_what_has_no_value_is_no_antiderivative(antiderivative: str) -> None:
    assert not derivative("2*x", antiderivative)
