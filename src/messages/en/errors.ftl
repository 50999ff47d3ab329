# Error pages: what happened, then what to do.

not-found = Page not found
not-found-advice = Check the address, or go back to the main dashboard.
wrong-method = This page can’t be opened this way
wrong-method-advice = Go back to the previous page and use its buttons.
form-too-large = This form is too large
form-too-large-advice = Nothing was changed. Go back, shorten the text and submit the form again.
form-too-slow = The form took too long to arrive
form-too-slow-advice = Nothing was changed. Check your connection, then go back and submit it again.
form-expired = This form has expired
other-origin = This form was sent from another address
forbidden = Your role doesn’t allow this
forbidden-advice = Ask an owner of your company to do it.
sign-in-busy = Sign-in is busy
sign-in-busy-advice = Too many people are signing in. Wait a few seconds, then go back and submit the form again.
database-unavailable = The database isn’t responding
database-unavailable-advice = Nothing you saved is lost. Wait a moment, then try again.
server-error = Something went wrong on our side
server-error-advice = Send the number below to your server administrator. The log explains the error.
bad-request = The request couldn’t be read
bad-request-advice = Nothing was changed. Go back, reload the page and try again.

request-id = Request { $id }
try-again = Try again
to-dashboard = Go to main dashboard

unknown-mode-title = Mode not found
unknown-mode = This address asks for a mode other than Test or Live. Choose the one to show.
show-test = Show Test mode
show-live = Show Live mode
