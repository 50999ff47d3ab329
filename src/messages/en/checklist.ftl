# The checklist on the dashboard and on App Overview, until an event is verified in Live mode.

heading = Set up { $app }
progress = { $done } of { $all } done
next = Next: { $task }

register-app = Register the app
connect-test = Connect a gateway in Test mode
verify-test = Verify the webhook with a test payment
mark-test = Mark the webhook as done
connect-live = Connect a gateway in Live mode
verify-live = Verify the webhook with a real payment
