#!/usr/bin/env python3
"""Fills a database with copies of its only event.

    seed.py --events 1000000 --payments FILE (--sqlite FILE | --postgres URL)

The product has created and migrated the database and stored one captured payment. Every row of every table that references
this event or its transaction is copied, with its own ids, times and bodies: ids are consecutive numbers below that of the event,
payment ids consist of ten digits of time and four random ones. The script does not depend on the meaning of a column, so new columns are
copied too. The copies precede the event, evenly distributed over `--days`. FILE receives a thousand of the payment ids.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import time

import zstandard

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PAIRS = [first + second for first in DIGITS for second in DIGITS]
EPOCH_NS = 1_388_534_400 * 10**9
BATCH = 10_000
DICTIONARY = zstandard.ZstdCompressionDict(
    (pathlib.Path(__file__).parent.parent / "src/events/payload/dictionary_1.zdict").read_bytes()
)
PACK = zstandard.ZstdCompressor(level=3, dict_data=DICTIONARY, write_checksum=True)
UNPACK = zstandard.ZstdDecompressor(dict_data=DICTIONARY)
# Daily totals of the copies, as the server would have written them.
SUMS = (
    "DELETE FROM daily_totals",
    """INSERT INTO daily_totals (app_id, mode, zone, day, currency, status, method, state, gateway, failure, payments, amount_subunits,
       refunded_subunits) SELECT app_id, mode, 'Asia/Kolkata', (created_at + 19800000) / 86400000, COALESCE(currency, ''),
       COALESCE(status, ''), COALESCE(method, ''), state, gateway,
       CASE WHEN status = 'failed' THEN COALESCE(snapshot_failure, '') ELSE '' END, count(*), sum(COALESCE(amount_subunits, 0)),
       sum(amount_refunded_subunits) FROM transactions GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10""",
)


def base62(number, pairs):
    text = ""
    for _ in range(pairs):
        number, pair = divmod(number, 62 * 62)
        text = PAIRS[pair] + text
    return text


class Sqlite:
    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        # This process is the only writer, and a partly filled database is discarded: each page is written once, without a
        # journal.
        self.journal("off")
        for pragma in ("synchronous = OFF", "cache_size = -1048576", "foreign_keys = OFF"):
            self.db.execute(f"PRAGMA {pragma}").fetchall()

    def journal(self, mode):
        """Sets the journal mode. SQLite returns the actual mode, which differs while another process has the file open."""
        ((now,),) = self.db.execute(f"PRAGMA journal_mode = {mode}").fetchall()
        if now != mode:
            raise SystemExit(f"the journal's mode is {now}, not {mode}: somebody else has the file open")

    def tables(self):
        return [name for (name,) in self.db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]

    def rows(self, table):
        found = self.db.execute(f"SELECT * FROM {table} LIMIT 100")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row)) for row in found]

    def insert(self, rows_of):
        self.db.execute("BEGIN")
        for (table, names), rows in rows_of.items():
            marks = ", ".join("?" * len(names))
            self.db.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
        self.db.execute("COMMIT")

    def close(self):
        for statement in SUMS:
            self.db.execute(statement)
        self.journal("wal")
        self.db.close()


class Postgres:
    def __init__(self, url):
        self.url = url
        self.types = {}
        self.into = subprocess.Popen(["psql", "-q", "-v", "ON_ERROR_STOP=1", url], stdin=subprocess.PIPE)
        self.say("SET synchronous_commit = off; SET session_replication_role = replica;\n")

    def say(self, text):
        self.into.stdin.write(text.encode())

    def ask(self, statement):
        answer = subprocess.run(["psql", "-AtqX", "-c", statement, self.url], check=True, capture_output=True, text=True)
        return answer.stdout.splitlines()

    def tables(self):
        return self.ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")

    def rows(self, table):
        types = self.ask(f"SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = '{table}'")
        self.types[table] = dict(line.split(" ", 1) for line in types)
        rows = [json.loads(line) for line in self.ask(f"SELECT row_to_json(t) FROM (SELECT * FROM {table} LIMIT 100) t")]
        return [{name: self.read(table, name, value) for name, value in row.items()} for row in rows]

    def read(self, table, name, value):
        kind = self.types[table][name]
        if value is not None and kind == "bytea":
            return bytes.fromhex(value.removeprefix("\\x"))
        return value

    def write(self, value):
        if value is None:
            return "\\N"
        if isinstance(value, bytes):
            return "\\\\x" + value.hex()
        if isinstance(value, (dict, list)):
            value = json.dumps(value)
        return re.sub(r"[\\\n\r\t]", lambda found: "\\" + {"\n": "n", "\r": "r", "\t": "t"}.get(found[0], "\\"), str(value))

    def insert(self, rows_of):
        for (table, names), rows in rows_of.items():
            lines = ["\t".join(self.write(value) for value in row) for row in rows]
            self.say(f"COPY {table} ({', '.join(names)}) FROM STDIN;\n" + "\n".join(lines) + "\n\\.\n")

    def close(self):
        self.say(";\n".join(SUMS) + ";\n")
        self.say("VACUUM ANALYZE;\nCHECKPOINT;\n")
        self.into.stdin.close()
        if self.into.wait():
            raise SystemExit("psql failed")


class Copies:
    """Recipes for copying each row that belongs to the event."""

    def __init__(self, database):
        tables = {table: database.rows(table) for table in database.tables()}
        (self.event,) = tables["events"]
        ours = {self.event["id"], self.event["transaction_id"]}
        # A row follows the rows that it references.
        self.rows = [
            ((table, tuple(row)), row)
            for table, rows in sorted(tables.items(), key=lambda item: item[0] != "events")
            for row in rows
            if table != "ids" and ours & {value for value in row.values() if isinstance(value, int)}
        ]
        (frame,) = (row["frame"] for (table, _), row in self.rows if table == "event_payloads")
        self.frame = frame
        contents = UNPACK.decompress(frame)
        # The length of the headers, the headers, the body: src/events/payload/mod.rs.
        self.head = contents[: 4 + int.from_bytes(contents[:4], "little")]
        self.body = body = contents[len(self.head) :]
        (transaction,) = (row for (table, _), row in self.rows if table == "transactions")
        self.payment, self.order = transaction["payment_id"], transaction["order_id"]
        paid = json.loads(body)["payload"]["payment"]["entity"].get("acquirer_data") or {}
        self.references = {key: paid[name] for key, name in (("rrn", "rrn"), ("upi", "upi_transaction_id")) if paid.get(name)}
        self.makers = [(target, [self.maker(name, value) for name, value in row.items()]) for target, row in self.rows]

    def maker(self, name, value):
        """Returns a function that computes a column of a copy: a constant, or a value derived from the copy's own data."""
        event = self.event
        if isinstance(value, int) and name.endswith("_at"):
            shift = value - event["received_at"]
            return lambda new: new["at"] + shift
        for key, known in (("event", event["id"]), ("transaction", event["transaction_id"]), ("sha256", event["dedupe_key"])):
            if value == known:
                return lambda new: new[key]
        if value == self.frame:
            return lambda new: PACK.compress(new["head"] + new["body"])
        if isinstance(value, str):
            names = {self.payment: "payment", self.order: "order", event["gateway_event_id"]: "named"}
            for old, key in names.items():
                if old and old in value:
                    before, after = value.split(old, 1)
                    return lambda new: before + new[key] + after
            if name in ("search_key", "references_json"):
                return lambda new: self.with_references(value, new)
        return lambda new: value

    def with_references(self, text, new):
        """Replaces the references of the bank by those of the copy, in the text's own case."""
        for key, old in self.references.items():
            text = text.replace(old, new[key]).replace(old.lower(), new[key].lower())
        return text

    def facts(self, at_ns, chance, before):
        """Returns the data of a copy; `before` is its distance to the event, in copies."""
        moment = at_ns - EPOCH_NS
        tail = [base62(int.from_bytes(chance[at : at + 4], "big") % 62**4, 2) for at in (0, 4, 8)]
        new = {
            "at": at_ns // 1_000_000,
            "payment": "pay_" + base62(moment, 5) + tail[0],
            "order": "order_" + base62(moment - 1, 5) + tail[1],
            "named": base62(moment + 1, 5) + tail[2],
            "event": self.event["id"] - before,
            "transaction": self.event["transaction_id"] - before,
            # As banks make them: the RRN begins with the hour, the UPI transaction id is random.
            "rrn": f"{moment // (3600 * 10**9) % 10**6:06}{int.from_bytes(chance[:4], 'big') % 10**6:06}",
            "upi": hashlib.md5(chance).hexdigest().upper(),
            "head": self.head,
            "body": self.body,
        }
        body = self.body.replace(self.payment.encode(), new["payment"].encode())
        new["body"] = body.replace(self.order.encode(), new["order"].encode())
        for key, old in self.references.items():
            new["body"] = new["body"].replace(old.encode(), new[key].encode())
        new["sha256"] = hashlib.sha256(new["body"]).digest()
        # Ids of equal length: the length of the headers stays.
        named = self.event["gateway_event_id"]
        if named:
            new["head"] = self.head.replace(named.encode(), new["named"].encode())
        return new


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--payments", required=True)
    parser.add_argument("--sqlite")
    parser.add_argument("--postgres")
    options = parser.parse_args()
    database = Sqlite(options.sqlite) if options.sqlite else Postgres(options.postgres)
    copies = Copies(database)
    # The event that already exists is part of the total.
    count, started = options.events - 1, time.monotonic()
    step = options.days * 86_400 * 10**9 // max(count, 1)
    first = copies.event["received_at"] * 1_000_000 - step * count
    sampled = []
    for start in range(0, count, BATCH):
        rows_of = {target: [] for target, _ in copies.makers}
        chances = os.urandom(12 * BATCH)
        for at in range(start, min(start + BATCH, count)):
            offset = 12 * (at - start)
            new = copies.facts(first + step * at, chances[offset : offset + 12], count - at)
            if at % max(count // 1000, 1) == 0:
                sampled.append(new["payment"])
            for target, makers in copies.makers:
                rows_of[target].append([make(new) for make in makers])
        database.insert(rows_of)
    database.close()
    with open(options.payments, "w", encoding="ascii") as file:
        file.writelines(payment + "\n" for payment in sampled)
    print(f"{options.events} events after {time.monotonic() - started:.0f} s")


main()
