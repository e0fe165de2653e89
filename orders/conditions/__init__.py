"""Conditions: parse to frozen nodes, compile to SQL, explain, describe. Search, tasks, rules and notices use this one evaluator."""

from orders.conditions.compiling import Explained, explain, explain_many, masks, matching, to_q
from orders.conditions.nodes import EVERYTHING, AllOf, AnyOf, Node, Not, Test, dump, fields_of, reads, tests_of
from orders.conditions.parsing import MAX_DEPTH, MAX_TESTS, MESSAGES, ConditionError, parse
from orders.conditions.wording import Part, describe, sentence

__all__ = [
    "EVERYTHING", "MAX_DEPTH", "MAX_TESTS", "MESSAGES", "AllOf", "AnyOf", "ConditionError", "Explained", "Node", "Not", "Part", "Test",
    "describe", "dump", "explain", "explain_many", "fields_of", "masks", "matching", "parse", "reads", "sentence", "tests_of", "to_q",
]  # fmt: skip
