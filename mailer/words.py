"""How the expected errors of mail read as problems. Loaded by `MailerConfig.ready`."""

from __future__ import annotations

from hub.problems import Problem, teach
from mailer.settings import NameTaken, PasswordAgain, UnknownWord


def _of_word(error: UnknownWord) -> Problem:
    part, first = error.faults[0]
    faults = [
        {"field": name, "word": fault.word, "line": fault.line, "column": fault.column} for name, fault in error.faults
    ]
    params = {"word": first.word, "line": first.line, "column": first.column}
    return Problem(code="unknown_word", status=422, field=part, params=params, more={"faults": faults})


teach(UnknownWord, _of_word)
teach(PasswordAgain, lambda e: Problem(code="password_again", field="password"))
teach(NameTaken, lambda e: Problem(code="name_taken", field="name", params={"name": str(e)}))
