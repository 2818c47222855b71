"""The condition language: a marketer's sentence to one checked meaning that SQL and plain Python evaluate alike."""

from journey.conditions.check import ConditionProblem
from journey.conditions.compiled import Compiled, compile_column, compile_condition
from journey.conditions.uses import Uses

__all__ = ["Compiled", "ConditionProblem", "Uses", "compile_column", "compile_condition"]
