# What became of a message to a person.
waiting = Waiting
sending = Sending
sent = Sent
email-sent = Email sent
not-sent = Not sent
canceled = Canceled

# Why it was not sent.
unreachable = The server can’t be reached, or the connection broke.
timed-out = The server didn’t answer in time.
deferred = The server asked to try again later. KS Pay does so by itself.
rejected = The server rejected the message.
settings = The server doesn’t accept this installation. The operator of KS Pay can see why with { $command }.
unreadable = The message can’t be read or built.
expired = It was too late to send the message.

email-fails = Emails haven’t been sent since { $when }.
server-said = The server said: { $answer }
