enter = { $label } भरें।
enter-your-name = अपना नाम भरें।
enter-company-name = अपनी कंपनी का नाम भरें।
enter-app-name = ऐप का नाम भरें।
enter-email = ईमेल पता भरें।
enter-domain = अपना डोमेन भरें।
choose-country = वह देश चुनें जहाँ आपका कारोबार रजिस्टर है।

too-short = कम से कम { $count } अक्षर भरें।
too-long = ज़्यादा से ज़्यादा { $count } अक्षर भरें।
invisible-character = इसमें एक ऐसा अक्षर है जो दिखता नहीं। इसे पेस्ट करने के बजाय हाथ से टाइप करें।
email-ascii = @ से पहले सिर्फ़ अंग्रेज़ी अक्षर, अंक और . या _ जैसे चिह्न इस्तेमाल करें।
email-invalid = पूरा ईमेल पता भरें (जैसे accounts@neemtree.example)।
domain-invalid = सिर्फ़ डोमेन भरें (जैसे shop.neemtree.example)।
phone-invalid = नंबर + और देश के कोड के साथ भरें, जैसे +91{ "\u00A0" }00000{ "\u00A0" }00000।

app-name-taken = आपकी कंपनी में इस नाम का ऐप पहले से है। कोई और नाम भरें।
email-taken = यह ईमेल पहले से इस्तेमाल में है। कोई और ईमेल भरें।
passwords-differ = दोनों नए पासवर्ड अलग हैं। दोनों फिर से भरें।
