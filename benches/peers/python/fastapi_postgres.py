"""FastAPI, the official SDK and asyncpg with a pool of ten. The usual PG variables name the database."""

import time
from contextlib import asynccontextmanager

import asyncpg
from answer import listen, webhooks
from fastapi import FastAPI

pool: asyncpg.Pool


@asynccontextmanager
async def lifespan(_: FastAPI):
    global pool
    async with asyncpg.create_pool(min_size=10, max_size=10) as pool:
        await pool.execute(
            "CREATE TABLE IF NOT EXISTS events (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
            "event_id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, body BYTEA NOT NULL, received_at BIGINT NOT NULL)"
        )
        yield


async def store(event_id: str, kind: str, body: bytes) -> None:
    await pool.execute(
        "INSERT INTO events (event_id, type, body, received_at) VALUES ($1, $2, $3, $4) ON CONFLICT (event_id) DO NOTHING",
        event_id,
        kind,
        body,
        time.time_ns() // 1_000_000,
    )


app = FastAPI(lifespan=lifespan)
webhooks(app, store)
listen(app)
