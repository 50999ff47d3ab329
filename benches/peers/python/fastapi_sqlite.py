"""FastAPI, the official SDK and sqlite3: one durable commit per request."""

import os
import sqlite3
import time

from answer import listen, webhooks
from fastapi import FastAPI

db = sqlite3.connect(f"{os.environ['PEER_DIR']}/peer.db", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute(
    "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, "
    "body BLOB NOT NULL, received_at INTEGER NOT NULL)"
)


async def store(event_id: str, kind: str, body: bytes) -> None:
    db.execute(
        "INSERT INTO events (event_id, type, body, received_at) VALUES (?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING",
        (event_id, kind, body, time.time_ns() // 1_000_000),
    )


app = FastAPI()
webhooks(app, store)
listen(app)
