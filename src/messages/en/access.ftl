# Sign-in, passwords, sessions, and the connection to this server.

plain-http = This console uses plain http: passwords and secrets can be read in transit.
plain-http-advice = Ask your server administrator to put a TLS proxy in front: see { $command }.

other-origin = Nothing was changed. Open KS Pay at the address the server printed when it started, and submit the form again.
other-origin-of = Nothing was changed. KS Pay is at { $url }: open it there and submit the form again.
form-expired = Nothing was changed. Go back, reload the page and submit the form again. If that doesn’t help, allow cookies for this address.
form-expired-at = Nothing was changed. Go back, reload the page and submit the form again. If that doesn’t help, open KS Pay at { $url } and allow its cookies.
