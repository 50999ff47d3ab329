# Tokens of an app, a tab of its settings.

title = टोकन
list = इस ऐप के टोकन
# $command: a command.
intro = टोकन की मदद से { $command } इस ऐप के इवेंट डेवलपर के कंप्यूटर पर भेजता है। उस कंप्यूटर को पब्लिक URL की ज़रूरत नहीं होती।
nothing = अभी कोई टोकन नहीं है। हर डेवलपर के कंप्यूटर के लिए एक टोकन बनाएँ। टोकन का समय 90 दिन बाद खत्म होता है।
test-only = सिर्फ़ Test मोड
test-and-live = Test और Live मोड
created = { $time } बनाया गया।
of-user = { $name } की ओर से काम करता है।
last-used = आखिरी इस्तेमाल { $time }।
never-used = अब तक इस्तेमाल नहीं हुआ।
expires = समय खत्म होगा: { $time }।
expired = समय खत्म हो गया: { $time }।
token-id = टोकन ID
remove = हटाएँ
remove-named = { $name } हटाएँ

## The form

new-title = टोकन बनाएँ
name = नाम
name-hint = जैसे मीरा का लैपटॉप
modes = मोड
allow-live = Live मोड भी
allow-live-note = Live मोड के इवेंट में ग्राहकों की निजी जानकारी होती है। इसके बिना टोकन सिर्फ़ Test मोड के इवेंट पढ़ता है।
create = टोकन बनाएँ
enter-name = नाम भरें।
name-taken = इस ऐप में इस नाम का टोकन पहले से है। कोई और नाम भरें।
too-many = एक ऐप में ज़्यादा से ज़्यादा { $count } टोकन हो सकते हैं। नया बनाने से पहले कोई एक हटाएँ।
to-create = टोकन बनाने के लिए अपना पासवर्ड भरें।

## A new token

created-title = नया टोकन
created-note = टोकन अभी कॉपी करें: यह दोबारा नहीं दिखाया जा सकता। जिसके पास यह है, वह इस ऐप के इवेंट तब तक पढ़ सकता है, जब तक इसका समय खत्म न हो या आप इसे न हटाएँ।
token = टोकन
copy-token = टोकन कॉपी करें
command = कमांड
copy-command = कमांड कॉपी करें
# $variable: the name of a variable.
command-note = इसे डेवलपर के कंप्यूटर पर चलाएँ। यह टोकन पूछता है, या उसे एनवायरनमेंट वेरिएबल { $variable } से पढ़ता है।

## Removal

remove-title = { $name } हटाएँ?
# $command: a command.
remove-effect = { $command } उन सभी कंप्यूटर पर कुछ सेकंड में रुक जाता है जो इस टोकन का इस्तेमाल करते हैं, और इस टोकन का दोबारा इस्तेमाल नहीं हो सकता।
remove-token = टोकन हटाएँ
keep = टोकन रखें
now-removed = { $name } हटा दिया गया
