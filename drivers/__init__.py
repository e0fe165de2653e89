"""Programs that drive the whole product from outside: the journey, chaos and the demo.

They stand apart from the apps because they know what no app may know: the simulators' addresses and control calls, the commands
that start web, worker and beat, and the database as its owner sees it. Nothing imports this package but the thin management
commands of the same names; nothing in it runs in production.
"""
