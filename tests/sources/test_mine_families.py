"""Every call of a function has the function's family, whatever its example did before."""

import pytest

from ewm.sources import Mine

MODULE = '''
class Box:
    def __init__(self, n):
        self.n = n

    def more(self, k):
        """
        >>> b = Box(3)
        >>> b.more(4)
        7
        >>> b.more(5)
        8
        >>> Box(9).more(1)
        10
        """
        return self.n + k


def make(n):
    """
    >>> make(2)
    {'n': 2}
    """
    return {"n": n}


def score(d):
    """
EXAMPLES
    >>> score({"n": 50})
    101
    >>> score(make(60))
    121
    >>> repr(score(make(7)))
    '15'
    """
    return d["n"] * 2 + 1
'''
EXAMPLES = "\n".join(f"    >>> d = make({k})\n    >>> score(d)\n    {2 * k + 1}" for k in range(30))
TEST = "from calc import Box, make, score\n\ndef test_box():\n    box = Box(3)\n    assert box.more(4) == 7\n    assert score(make(4)) == 9\n"


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repo")
    (folder / "calc.py").write_text(MODULE.replace("EXAMPLES", EXAMPLES))
    (folder / "test_calc.py").write_text(TEST)
    return list(Mine([str(folder)]).programs(0))


@pytest.mark.parametrize("function, least", [("score", 33), ("make", 2), ("Box", 3)])
def test_all_calls_of_a_function_are_one_family(mined, function, least):
    found = [p for p in mined if p.origin.partition("calc.")[2].partition(".")[0] == function]
    assert len(found) >= least
    assert len({p.family for p in found}) == len({p.split for p in found}) == 1
    assert any(p.parent for p in found) == (function != "make")
    assert all((p.relation == "call") == bool(p.parent) for p in found)


def test_different_functions_are_different_families(mined):
    assert len({p.family for p in mined}) == 3
