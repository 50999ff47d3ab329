"""Shared by all FastAPI peers: the raw body, verification with the official SDK, and the listening address."""

import json
import os
import socket

import razorpay
import uvicorn
from fastapi import FastAPI, Request, Response
from razorpay.errors import SignatureVerificationError

SECRET = os.environ["WEBHOOK_SECRET"]
SDK = razorpay.Client(auth=("rzp_test_bench", "unused"))


def webhooks(app: FastAPI, store) -> None:
    """`store(id, type, body)` stores the event unless its id is already stored, and returns once it is durable."""

    @app.post("/webhooks/razorpay")
    async def receive(request: Request) -> Response:
        body = await request.body()
        signature = request.headers.get("x-razorpay-signature", "")
        try:
            SDK.utility.verify_webhook_signature(body.decode(), signature, SECRET)
        except SignatureVerificationError:
            return Response(status_code=401)
        await store(request.headers["x-razorpay-event-id"], json.loads(body)["event"], body)
        return Response(status_code=200)


def listen(app: FastAPI) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="warning", timeout_keep_alive=60)
    uvicorn.Server(config).run(sockets=[listener])
