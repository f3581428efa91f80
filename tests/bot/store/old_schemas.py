"""The schemas from before Alembic, as they were published: number n is what the first n entries make."""

OLD_SCHEMAS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE replies (
            id TEXT NOT NULL PRIMARY KEY,
            at TEXT NOT NULL,
            channel TEXT NOT NULL,
            text TEXT NOT NULL,
            song JSON NOT NULL,
            seed BIGINT NOT NULL,
            conditions JSON NOT NULL,
            bundle JSON NOT NULL,
            scores JSON NOT NULL
        )""",
        """CREATE TABLE votes (
            person TEXT NOT NULL,
            reply TEXT NOT NULL,
            vote SMALLINT NOT NULL CONSTRAINT vote_sign CHECK (vote IN (-1, 1)),
            at TEXT NOT NULL,
            PRIMARY KEY (person, reply),
            FOREIGN KEY (reply) REFERENCES replies (id) ON DELETE CASCADE
        )""",
        "CREATE INDEX ix_votes_reply ON votes (reply)",
    ),
    (
        """CREATE TABLE answers (
            key TEXT NOT NULL PRIMARY KEY,
            value JSON NOT NULL,
            until DOUBLE PRECISION NOT NULL
        )""",
        "CREATE INDEX ix_answers_until ON answers (until)",
    ),
)
# What somebody who used each of them had in it. A colon that is no parameter is escaped.
OLD_ROWS: tuple[tuple[str, ...], ...] = (
    (
        r"""INSERT INTO replies VALUES ('r1', '2026-11-20T12\:00\:00.000+00\:00', 'terminal', 'Bright drums — 漢字.',
            '{"title"\: "Roads", "artists"\: ["Portishead"]}', 9223372036854775807, '{"praise"\: 8.0}',
            '{"name"\: "default", "version"\: "1", "device"\: "cpu"}', '{"fluency"\: 0.5}')""",
        r"INSERT INTO votes VALUES ('terminal\:ann', 'r1', 1, '2026-11-20T12\:01\:00.000+00\:00')",
        r"INSERT INTO votes VALUES ('terminal\:bob', 'r1', -1, '2026-11-20T12\:02\:00.000+00\:00')",
    ),
    (r"""INSERT INTO answers VALUES ('spotify\:track', '{"title"\: "Roads"}', 1800000000.5)""",),
)


def old_database(number: int) -> tuple[str, ...]:
    """The statements that make a database with such a schema, rows in it; 0 is one that holds nothing."""
    if not number:
        return ("SELECT 1",)
    made = [statement for statements in (*OLD_SCHEMAS[:number], *OLD_ROWS[:number]) for statement in statements]
    return (*made, "CREATE TABLE schema_version (version INTEGER NOT NULL)", f"INSERT INTO schema_version VALUES ({number})")
