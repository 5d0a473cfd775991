"""The daemon's SQLite ledger, read from outside."""

import sqlite3

OUTCOMES = ("served", "refused", "broken", "abandoned")
SOURCES = ("unknown", "estimated", "exact")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


def text_of_id(raw):
    """The printed form of a request id: 26 characters of 128 bits."""
    number = int.from_bytes(raw, "big")
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


class Record(dict):
    """One row, its words resolved; columns are attributes too."""

    __getattr__ = dict.__getitem__


class Ledger:
    def __init__(self, path):
        self.path = str(path)

    def records(self):
        """All records, oldest first."""
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
        try:
            database.row_factory = sqlite3.Row
            words = {row["id"]: row["text"] for row in database.execute("SELECT id, text FROM words")}
            words[0] = ""
            return [self._record(row, words) for row in database.execute("SELECT * FROM records ORDER BY seq")]
        finally:
            database.close()

    def record(self, call_id):
        """The one record of a request, by the id its answer carried."""
        found = [record for record in self.records() if record.call_id == call_id]
        assert len(found) == 1, f"{len(found)} records of {call_id}"
        return found[0]

    def __len__(self):
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
        try:
            return database.execute("SELECT count(*) FROM records").fetchone()[0]
        finally:
            database.close()

    def number(self, question):
        """The first value of an answer."""
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
        try:
            return database.execute(question).fetchone()[0]
        finally:
            database.close()

    def execute(self, statement):
        """Changes a ledger that no daemon uses."""
        database = sqlite3.connect(self.path, timeout=5)
        try:
            with database:
                database.execute(statement)
        finally:
            database.close()

    WORDS = ("call_type", "key_hash", "team_id", "user_id", "asked_model", "model_group", "deployment", "provider",
             "upstream_model", "api_base", "error")

    def _record(self, row, words):
        record = Record(row)
        for column in self.WORDS:
            if isinstance(record[column], int):
                record[column] = words[record[column]]
        record["call_id"] = text_of_id(record["id"])
        record["outcome"] = OUTCOMES[record["outcome"]]
        record["usage_source"] = SOURCES[record["usage_source"]]
        return record
