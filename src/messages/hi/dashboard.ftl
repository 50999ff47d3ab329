dashboard = मुख्य डैशबोर्ड
welcome = स्वागत है, { $name }
needs-attention = इन पर ध्यान दें
all-clear = सब ठीक है। पिछला इवेंट { $time } सत्यापित हुआ।
nothing-verified-yet = अभी तक कोई इवेंट सत्यापित नहीं हुआ है। पेमेंट गेटवे जोड़ें, फिर एक टेस्ट भुगतान करें। { $link }
    .link = सेट अप करने के लिए ऐप चुनें
more-in-list = ऐप की सूची में { $count } और
action-about = { $action }: { $about }


products = प्रोडक्ट
products-note = { $company } के प्रोडक्ट।
no-app = अभी कोई ऐप नहीं
apps = { $count } ऐप
what-ks-pay-does = आपके गेटवे से भुगतान के इवेंट लेता है, हर हस्ताक्षर जाँचता है और दिखाता है कि आपके पैसे का क्या हुआ।
explore = KS Pay देखें
