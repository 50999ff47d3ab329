# The check whether a webhook's URL can be reached: one sentence per finding, with what to do about a problem.

heading = Check that this URL can be reached
checked-at = checked { $when }
from-server = Checked from this server. A firewall allow-list could still block { $gateway }.
intro = Sends a test request to this URL from the server, as { $sender } would, and reports each step. It’s never recorded as an event.
check-url = Check my URL
check-running = A check for your company is still running. Its report appears below in a few seconds.
too-many-checks = Too many checks. Wait ten seconds, then check again.

# The result.
not-reachable = Not reachable from the internet
would-not-arrive = An event wouldn’t arrive
with-warnings = Reachable, with warnings
would-arrive = An event would arrive

# Name, port and TLS.
name = The host name resolves to { $addresses }.
name-private = From this server the host name resolves to { $addresses }, a private address. On the internet it must resolve to a public one: ask your DNS administrator.
name-unknown = The host name is unknown. Add a DNS record for it, or correct { $variable }.
name-slow = DNS didn’t respond within 2{ "\u00A0" }s. Check the DNS servers of this server.
port = Port { $port } is open.
port-closed = Nothing listens on port { $port }. Start the proxy in front of KS Pay there, or correct { $variable }.
port-slow = Port { $port } doesn’t respond. Open it in the firewall. If others can reach it, your router may not let this server reach its own public address.
plain = Not secure: the URL begins with http, so there is no TLS. Put a proxy with a certificate in front, as the README shows.
tls = TLS { $version }, and the certificate is valid for this host.
tls-slow = The TLS handshake timed out after 2{ "\u00A0" }s. Check the proxy in front of KS Pay.
tls-expired = The certificate has expired. Renew it, and have it renewed automatically from now on.
tls-not-yet-valid = The certificate isn’t valid yet. Check the clock of this server.
tls-other-name = The certificate is for another host name. Get one for the host of this URL.
tls-unknown-issuer = The certificate’s issuer is unknown: it’s self-signed, or the proxy doesn’t send the intermediate certificates. Use one from a public authority, with its chain.
tls-revoked = The certificate was revoked. Get a new one.
tls-other-certificate = The certificate can’t be trusted. Get a new one from a public authority.
tls-old-version = No TLS version in common: gateways require 1.2 or newer. Enable it in the proxy.
tls-none = This port doesn’t use TLS. Give the proxy a certificate, or use a URL that begins with http.
tls-no-roots = No certificates are installed on this server: install the package { $package }.

# The response.
redirect = The response is { $status } and redirects elsewhere, but { $sender } doesn’t follow redirects. Set { $variable } to the final address, or configure the proxy to pass the request on.
redirect-to = The response is { $status } and redirects to { $url }, but { $sender } doesn’t follow redirects. Set { $variable } to the final address, or configure the proxy to pass the request on.
millis = { $count }{ "\u00A0" }ms
responded = This installation responded after { $duration }; { $sender } waits 5{ "\u00A0" }s.
responded-slowly = This installation responded after { $duration }; { $sender } waits 5{ "\u00A0" }s, so little time is left when the server is busy.
no-response = No response within 5{ "\u00A0" }s. By then { $sender } has given up: check the proxy, and the load of this server.
connection-lost = The connection was closed before a response arrived. Check the proxy in front of KS Pay.
body = The body arrived unchanged.
body-changed = The body was changed on the way: { $sent } bytes were sent, { $arrived } arrived. No signature will match. Configure the proxy to pass the body on unchanged, without parsing JSON or re-encoding text.
body-changed-same-size = The body was changed on the way: { $sent } bytes were sent and as many arrived, but not the same ones. No signature will match. Configure the proxy to pass the body on unchanged, without parsing JSON or re-encoding text.
headers = The signature headers arrived.
headers-changed = The proxy removes or changes { $names }. Configure it to pass on every header unchanged.
timed-out = The check timed out after 8{ "\u00A0" }s. The lines above show what was found until then.

# A response from another server, by its status.
other-404 = The response is 404, and it’s from another site. Configure the proxy to pass { $path } on to KS Pay.
other-401 = The response is 401. It’s from another installation, or the proxy removes headers it doesn’t know. Point this URL to this installation.
other-blocked = The response is { $status }: a firewall or a sign-in page is in front. Allow requests to { $path }.
other-405 = The response is 405: POST isn’t allowed there. Configure the proxy to pass POST requests to { $path } on to KS Pay.
other-body = The response is { $status }: the proxy rejects this body, or changes how it is sent. Configure it to pass on bodies of up to 1{ "\u00A0" }MiB unchanged.
other-gateway = The response is { $status }: the proxy can’t reach KS Pay. Check that it passes requests on to the right host and port.
other-unavailable = The response is { $status }, and it’s not from this installation: events can’t be received now. Check { $command }, and the proxy.
other-accepts-all = The response is { $status }, but something else accepts every request there, so events would be lost. Configure the proxy to pass { $path } on to KS Pay.
other = The response is { $status }, and it’s not from this installation. Configure the proxy to pass { $path } on to KS Pay.
