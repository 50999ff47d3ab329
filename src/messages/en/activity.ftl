# A webhook's activity: the status line on cards and lists, and the notice at the top of its panel.

# The status line: a state with its time
failing-since = Failing since { $time }
failing-for = Failing for { $length }
silent-for = Silent for { $length }
verified-at = Verified, { $time }

# What follows the status line
usually-every = Usually an event every { $length }
usually-every-minute = Usually an event every minute
proven-rejections = { $count ->
    [one] { $count } request signed with one of your secrets was rejected
   *[other] { $count } requests signed with one of your secrets were rejected
}
app-is-off = The app is disabled
countdown = { $gateway } will disable the webhook in { $length } unless this is fixed
countdown-over = { $gateway } may have disabled the webhook already: check { $gateway }’s Dashboard
# The same as sentences
countdown-sentence = { $gateway } will disable the webhook in { $length } unless this is fixed.
countdown-over-sentence = { $gateway } may have disabled the webhook already: check { $gateway }’s Dashboard.

# The baseline of the traffic
pace = an event every { $length }, longest pause { $pause }
pace-every-minute = an event every minute, longest pause { $pause }
silence = No events for { $lasts }. Usually an event arrives every { $length }, and the longest pause in the previous { $days } was { $pause }.
silence-every-minute = No events for { $lasts }. Usually an event arrives every minute, and the longest pause in the previous { $days } was { $pause }.

# Notices
rejected = Rejected: { $cause }
rejected-ago = Rejected { $time }: { $cause }
overdue = No events are being verified, and requests are rejected
not-verified-yet = Not verified yet: { $cause }
only-rejected = { $count ->
    [one] Not verified yet: { $count } request was rejected
   *[other] Not verified yet: { $count } requests were rejected
}
silent = Silent
verified = Event received and verified
verified-ago = Event received and verified, { $time }
verified-event = Received { $event }, verified { $time }
saved = Signature verified. Saved before we replied.
saved-of-amount = { $amount }. Signature verified. Saved before we replied.
# Read aloud when something new happened: without a time, which would change by itself.
news-verified = { $count ->
    [one] Verified. { $count } event in total.
   *[other] Verified. { $count } events in total.
}
news-verified-event = { $count ->
    [one] Received and verified { $event }. { $count } event in total.
   *[other] Received and verified { $event }. { $count } events in total.
}
news-rejected = { $count ->
    [one] { $count } request was rejected: { $cause }
   *[other] { $count } requests were rejected: { $cause }
}
news-also-rejected = { $count ->
    [one] { $count } request has been rejected since then.
   *[other] { $count } requests have been rejected since then.
}
off = Off: every request is rejected
off-connection = This connection is disabled.
off-app = The app is disabled.
pending = Marked as done, nothing verified yet
pending-reason = This step shows Pending verification until an event from the gateway is verified.
waiting = Waiting for the first event

# Rejected requests whose sender is not proven
anyone = Anyone who knows the URL can send such requests.
rejected-at = { $count ->
    [one] { $count } request was rejected on { $time }.
   *[other] { $count } requests were rejected on { $time }.
}
rejected-on-day = { $count ->
    [one] { $count } request was rejected on { $day } between { $from } and { $to }.
   *[other] { $count } requests were rejected on { $day } between { $from } and { $to }.
}
rejected-between = { $count ->
    [one] { $count } request was rejected between { $from } and { $to }.
   *[other] { $count } requests were rejected between { $from } and { $to }.
}
latest-reason = Latest reason: { $cause }.
if-sent-last = If { $sender } sent the latest request, it was rejected for this reason: { $cause }.

# An empty list of a webhook whose requests were rejected
nothing-but-rejected = { $count ->
    [one] { $count } request was rejected: { $cause }.
   *[other] { $count } requests were rejected. Latest reason: { $cause }.
}
nothing-but-rejected-yet = { $count ->
    [one] Not verified yet: { $count } request was rejected: { $cause }.
   *[other] Not verified yet: { $count } requests were rejected. Latest reason: { $cause }.
}
see-how-to-fix = See how to fix it

# Alerts
events-of-other-account = { $app }, { $mode } mode: events from another { $gateway } account are arriving
fix-it = See the cause
view-webhook = View webhook
open-settings = Open settings
