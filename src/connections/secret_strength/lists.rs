//! Words that are removed from a secret anywhere: Indian names, places and festivals, and words that teams use. Pure.

use std::{collections::BTreeSet, sync::LazyLock};

const MIN_SKELETON_CHARS: usize = 5;

/// In lower case.
const WORDS: &str = "
    aarav abdul abhishek aditi aditya agarwal aggarwal ajay akash alok amit amitabh anand ananya anil anita anjali ankit ankita
    anjum anuj anurag aparna arjun arnav arun aruna arvind asha ashish ashok ashwin atul ayesha babu balaji banerjee bhaskar
    bhatt bhattacharya bose chandra chatterjee chauhan chopra choudhary chowdhury das deepa deepak deepika desai deshmukh
    deshpande devi dinesh divya dubey dutta fatima ganesh gauri gaurav gayatri geeta ghosh gopal goyal gupta gurpreet hari
    harish harsh hegde hussain imran indira irfan ishaan iyer iyengar jadhav jagdish jain jaya jayesh jha joshi kabir kajal
    kamal kamala kapoor karan karthik kaur kavita kavya khan khanna kiran kishore komal kohli krishna krishnan kulkarni kumar
    kumari lakshmi lalit lata laxmi madhav madhu mahesh malhotra manish manisha manoj mathur meena meera mehra mehta menon
    mishra mohammed mohan mohammad mukesh mukherjee mukund murthy murali nair naidu namita nanda narayan naresh naveen neeraj
    neha nikhil nilesh nisha nitin omkar padma pandey pankaj parvati patel patil pillai pooja prabhu pradeep prakash pranav
    prasad prashant pratap praveen preeti prem priya priyanka puja punit rachna radha raghav rahul raja rajan rajesh rajeev
    rajendra rajiv raju rakesh rama raman ramesh rana rani ranjit rani rao ravi reddy rekha reshma ritu rohan rohit roshan
    rupa sachin sahil saini salim salman sameer sandeep sandhya sangeeta sanjay sanjeev santosh sarita satish saurabh savita
    saxena seema sengupta sethi shah shankar shanti sharma shekhar shetty shikha shilpa shinde shivam shiva shivani shreya shukla
    shweta siddharth singh sinha sita smita sneha sonia sridhar srinivas srinivasan subhash subra subramaniam subramanian
    subramanyam sudha sudhir sujata suman sumit sunil sunita suraj suresh surya sushil sushma swati tanvi tiwari tripathi trivedi uday
    umesh usha vaishali varma varun venkat venkatesh venkateswara verma vidya vijay vikas vikram vimal vinay vineet vinod
    vishal vishnu vivek yadav yash yogesh zoya
    agra ahmedabad ahmednagar ajmer akola aligarh allahabad alwar amravati amritsar andheri aurangabad bandra bangalore bareilly
    belagavi bengaluru bhavnagar bhilai bhopal bhubaneswar bikaner bombay calcutta chandigarh chennai cochin coimbatore cuttack
    dadar dehradun delhi dhanbad durgapur erode faridabad gandhinagar ghaziabad goa gorakhpur guntur gurgaon gurugram guwahati
    gwalior hubballi hubli hyderabad imphal indiranagar indore jabalpur jaipur jalandhar jammu jamnagar jamshedpur jhansi jodhpur
    kalyan kanpur karnataka kerala kochi kolhapur kolkata koramangala kota kozhikode lucknow ludhiana madras madurai maharashtra
    malabar malleswaram mangalore mangaluru meerut moradabad mumbai mysore mysuru nagpur nashik nellore noida odisha panaji patna
    pondicherry powai prayagraj puducherry pune punjab raipur rajasthan rajkot ranchi rourkela salem secunderabad shillong shimla
    siliguri solapur srinagar surat tamilnadu telangana thane thiruvananthapuram thrissur tirunelveli tirupati trichy trivandrum
    udaipur ujjain vadodara varanasi vasai vellore vijayawada visakhapatnam vizag warangal whitefield india bharat hindustan
    road street lane nagar marg chowk bazaar bazar colony cross layout phase plot flat tower block sector floor main market
    gali mandir brigade residency commercial church palace linking
    diwali deepavali deepawali holi dussehra dasara dasera navratri navaratri durga durgapuja ganeshchaturthi chaturthi onam pongal
    rakhi rakshabandhan rakshabandan bandhan janmashtami baisakhi vaisakhi makar sankranti ugadi gudipadwa bihu lohri ramnavami
    shivratri shivaratri eid ramzan ramadan muharram bakrid christmas newyear republic independence karvachauth chhath dhanteras
    namaste jaihind shri shree sree
    team dev devteam devops admin root prod production staging sandbox test live demo local webhook hook secret token rzrp
    razor rzpay stripe paytm phonepe cashfree payu ccavenue billdesk instamojo juspay upi neft imps
    payment payments gateway checkout order orders store shop mart";

/// The most common passwords that are not words.
pub(super) const PASSWORDS: &[&str] = &[
    "",
    "0",
    "1",
    "a",
    "12",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "0123456789",
    "000000",
    "00000000",
    "111111",
    "11111111",
    "112233",
    "121212",
    "123123",
    "123123123",
    "123321",
    "123abc",
    "123qwe",
    "131313",
    "147258369",
    "159753",
    "1q2w3e",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "222222",
    "555555",
    "654321",
    "666666",
    "696969",
    "777777",
    "7777777",
    "888888",
    "88888888",
    "987654321",
    "999999",
    "a123456",
    "aa123456",
    "aaaaaa",
    "abc",
    "abc123",
    "abc123456",
    "abcd1234",
    "admin",
    "admin1",
    "admin123",
    "admin@123",
    "api",
    "asd123",
    "asdf",
    "asdf1234",
    "asdfgh",
    "asdfghjkl",
    "changeit",
    "changeme",
    "dev",
    "foo",
    "bar",
    "foobar",
    "google",
    "guest",
    "hello",
    "hello123",
    "hello world",
    "hello, world!",
    "helloworld",
    "iloveyou",
    "india123",
    "india@123",
    "key",
    "letmein",
    "login",
    "master",
    "monkey",
    "p@ssw0rd",
    "p@ssword",
    "pass",
    "pass123",
    "pass1234",
    "pass@123",
    "passw0rd",
    "password",
    "password1",
    "password12",
    "password123",
    "password1234",
    "password@123",
    "password!",
    "qazwsx",
    "qwe123",
    "qwer1234",
    "qwerty",
    "qwerty1",
    "qwerty123",
    "qwertyuiop",
    "razorpay",
    "razorpay123",
    "razorpay_webhook_secret",
    "razorpaysecret",
    "root",
    "root123",
    "rzp",
    "secret",
    "secret123",
    "secretkey",
    "test",
    "test123",
    "test1234",
    "test@123",
    "the quick brown fox jumps over the lazy dog",
    "user",
    "webhook",
    "webhook123",
    "webhook_secret",
    "webhooksecret",
    "welcome",
    "welcome1",
    "welcome123",
    "welcome@123",
    "your_webhook_secret",
    "zaq12wsx",
    "zxcvbn",
    "zxcvbnm",
];

/// Names that any secret may contain: gateways, and prefixes of keys.
pub(super) const COMMON_NAMES: &[&str] = &[
    "razorpay webhook secret",
    "razorpay",
    "standard webhooks",
    "ks pay",
    "webhook secret",
    "whsec_",
    "rzp_live_",
    "rzp_test_",
    "sk_live_",
    "sk_test_",
    "pk_live_",
    "pk_test_",
    "api key",
    "key secret",
    "bearer",
];
/// Short words, removed between separators.
pub(super) const SHORT_WORDS: &[&str] = &[
    "api", "app", "and", "com", "dev", "for", "inc", "key", "llc", "llp", "ltd", "mg", "my", "net", "new", "of", "one", "org",
    "our", "pay", "pvt", "rzp", "the", "two", "uat", "v1", "v2", "www",
];

static SORTED: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| WORDS.split_whitespace().filter(|word| word.len() >= 3).collect());

pub(super) fn holds(word: &str) -> bool {
    SORTED.contains(word)
}

pub(super) fn all() -> impl Iterator<Item = &'static str> {
    SORTED.iter().copied()
}

/// Returns a name without vowels, with and without its letters y, if enough remains to be recognizable.
pub(super) fn skeletons(name: &str) -> Vec<String> {
    let without = |vowels: &str| {
        let is_bone = |letter: &char| letter.is_alphanumeric() && !vowels.contains(*letter);
        name.to_lowercase().chars().filter(is_bone).collect::<String>()
    };
    let mut found: Vec<String> = [without("aeiou"), without("aeiouy")].into_iter().collect();
    for bones in found.clone() {
        let mut letters: Vec<char> = bones.chars().collect();
        letters.dedup();
        found.push(letters.into_iter().collect());
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|bones| bones.chars().filter(|letter| letter.is_alphabetic()).count() >= MIN_SKELETON_CHARS);
    found
}
