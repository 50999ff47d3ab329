# The server’s database and clock.

data-loss = Events may be lost in a power cut: { $settings } in { $engine }.
data-loss-accepted = Your server administrator accepted this risk.

clock-was-behind = When the latest events arrived, this server’s clock was { $duration } behind
clock-was-behind-advice = If it was set since then, there is nothing to do. Otherwise, ask your server administrator to set the clock and to keep it synchronised.
clock-behind = This server’s clock is { $duration } behind
clock-behind-advice = The latest signed events are dated later than the server’s time. Ask your server administrator to set the clock and to keep it synchronised.
clock-ahead = This server’s clock is { $duration } ahead
clock-ahead-advice = The latest signed events are dated that long before they arrived. Ask your server administrator to set the clock and to keep it synchronised.
clock-maybe-ahead = The latest events arrived { $duration } or more after they were created
clock-maybe-ahead-advice = If the gateway wasn’t retrying them, this server’s clock is ahead. Ask your server administrator to set the clock and to keep it synchronised.
