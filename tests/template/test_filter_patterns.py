"""Which records pass to the function: the template's patterns, matched as AWS documents them."""

from __future__ import annotations

import itertools
import re
import unittest

from docs.generate import rules_cost
from tests.harness import records, week
from tests.harness.template import ROOT, Template
from tests.template.filter_patterns import MAX_REGEX_PER_LOG_GROUP, matcher

# The same as the default pattern, in the syntax that makes CloudWatch Logs send each field twice.
NAMED = (
    "[version, account, eni, source, destination, srcport, destport, protocol=1 || protocol=58, packets, bytes, starttime, "
    "endtime, action, flowlogstatus]"
)
ENI, WINDOW = "eni-1235b8ca123456789", "1418530010 1418530070"
PING_V6 = f"2 123456789010 {ENI} 2001:db8::9 2001:db8::1 0 0 58 7 700 {WINDOW} REJECT OK"
# No ICMP, with the numbers of ICMP and ICMPv6 in each other place.
DECOYS = [
    f"2 123456789010 {ENI} 10.0.0.1 10.0.0.58 1 58 6 1 58 {WINDOW} ACCEPT OK",
    f"1 1 {ENI} 10.0.0.1 10.0.0.58 58 1 17 58 1 {WINDOW} ACCEPT OK",
    f"58 58 {ENI} 10.0.0.1 10.0.0.58 1 1 158 1 1 {WINDOW} ACCEPT OK",
    f"1 58 {ENI} 10.0.0.1 10.0.0.58 58 58 11 58 58 {WINDOW} ACCEPT OK",
    f"2 123456789010 {ENI} 2001:db8::1 2001:db8::58 1 58 5 1 58 {WINDOW} ACCEPT OK",
]
# "No data and skipped records" of AWS's examples.
NOTHING = [
    "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
    "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA",
]
REJECTED = [
    "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
    f"2 123456789010 {ENI} 10.0.0.9 10.0.0.1 5353 53 17 1 80 {WINDOW} REJECT OK",
]
# Action and protocol first, last, and in the middle.
CUSTOM = {
    "REJECT 6 10.0.1.10 10.0.2.20 41022 5432 OK": "rejected",
    "10.0.1.10 10.0.2.20 6 OK ACCEPT": "accepted",
    "5 i-0789cafe 6 10.0.1.10 10.0.2.20 2 ingress REJECT OK": "rejected",
    "OK 1 203.0.113.12 10.0.1.10 ACCEPT": "accepted",
    "- - - - - - NODATA": "none",
    "- - - SKIPDATA - -": "none",
}


def lines() -> list[str]:
    """Records of the default format, of all kinds."""
    found = [*records.DOCUMENTED_PING, PING_V6, *DECOYS, *NOTHING, *REJECTED]
    found += records.ordinary(3000, ENI, 1_795_401_000, seed=4)
    return found + list(itertools.islice(week.lines(1), 5000))


def action(line: str) -> str:
    """The action of a record of the default format."""
    return line.split()[12]


def is_icmp(line: str) -> bool:
    """Whether a record of the default format is of ICMP or ICMPv6."""
    return line.split()[7] in ("1", "58")


def subscription(values: dict[str, str]) -> str:
    """The pattern of the template's subscription filter."""
    (properties,) = Template(values).of_type("AWS::Logs::SubscriptionFilter").values()
    return str(properties["FilterPattern"])


class Chosen(unittest.TestCase):
    """The pattern that follows from the parameters."""

    def test_pings_alone_pass_icmp_of_the_default_format_and_nothing_else(self) -> None:
        """As the pattern with named fields did."""
        passes, named = matcher(subscription({})), matcher(NAMED)
        found = [line for line in lines() if passes(line)]
        self.assertEqual(found, [line for line in lines() if is_icmp(line)])
        self.assertEqual(found, [line for line in lines() if named(line)])
        self.assertGreater(len({action(line) for line in found}), 1, "accepted ones, too")

    def test_other_rules_pass_everything_with_an_action(self) -> None:
        """Also of other formats; no NODATA, which would invoke the function each minute for an interface without traffic."""
        pattern = subscription({"Rules": "ping,request"})
        passes = matcher(pattern)
        self.assertEqual([line for line in lines() if passes(line)], [line for line in lines() if action(line) != "-"])
        self.assertEqual({line: passes(line) for line in CUSTOM}, {line: what != "none" for line, what in CUSTOM.items()})
        self.assertNotIn("%", pattern, "and takes none of the five regular expressions")

    def test_the_choice_follows_rules_and_format(self) -> None:
        """A pattern of one's own is left as it is."""
        pings, flows = subscription({}), subscription({"Rules": "request"})
        self.assertNotEqual(pings, flows)
        other = {"FlowLogFormat": "${srcaddr} ${dstaddr} ${protocol} ${action} ${log-status}"}
        for rules, expect in (
            *(("ping", pings), ("ping:digest", pings), ("ping:count", pings)),
            *(("ping,request", flows), ("request,ping", flows), ("reply", flows), ("ping:digest,scan:count", flows)),
            *(("helper", flows), ("scan", flows), ("ping,request,reply,helper,scan", flows)),
        ):
            self.assertEqual(subscription({"Rules": rules}), expect, rules)
            self.assertEqual(subscription({"Rules": rules} | other), flows, "the place of the protocol is not known")
            for own in ("", "REJECT"):
                self.assertEqual(subscription({"Rules": rules, "FilterPattern": own}), own)

    def test_a_ping_passes_a_longer_format_that_begins_as_the_default_one(self) -> None:
        """And a line end that AWS does not write today changes nothing."""
        passes = matcher(subscription({}))
        for line in (*records.DOCUMENTED_PING, PING_V6):
            for end in (" vpc-0a1b2c3d 2 IPv4", "\n", " "):
                self.assertTrue(passes(line + end), repr(end))

    def test_no_pattern_names_fields(self) -> None:
        """They would come twice: in the message and in extractedFields."""
        for rules in ("ping", "ping,request"):
            self.assertFalse(subscription({"Rules": rules}).startswith("["))

    def test_a_log_group_has_room_for_the_regular_expressions(self) -> None:
        """Those of other filters in an existing log group included: ours is one."""
        resources = Template().resources.values()
        patterns = [r["Properties"]["FilterPattern"] for r in resources if "FilterPattern" in r.get("Properties", {})]
        self.assertEqual(len([pattern for pattern in patterns if "%" in pattern]), 1)
        self.assertGreater(MAX_REGEX_PER_LOG_GROUP, 1)

    def test_the_metric_filter_counts_what_the_function_does(self) -> None:
        """Of IPv4; what it counts passes to the function."""
        counted, passes = matcher(Template().values["NativeFilterPattern"]), matcher(subscription({}))
        expect = [line for line in lines() if action(line) == "REJECT" and line.split()[7] == "1"]
        self.assertEqual([line for line in lines() if counted(line)], expect)
        self.assertTrue(expect and all(map(passes, expect)))


class Offered(unittest.TestCase):
    """The patterns of docs/cost.md."""

    def test_each_passes_what_it_says(self) -> None:
        """Of the default format."""
        for choice in rules_cost.CHOICES:
            passes = matcher(choice.pattern)
            self.assertEqual([line for line in lines() if passes(line)], [line for line in lines() if choice.passes(line)])

    def test_the_two_of_the_template_are_among_them(self) -> None:
        """Word for word."""
        offered = {choice.pattern for choice in rules_cost.CHOICES}
        self.assertLessEqual({subscription({}), subscription({"Rules": "ping,request"})}, offered)

    def test_rejected_records_of_any_format_pass_by_the_word(self) -> None:
        """As the parameter's description says."""
        passes = matcher("REJECT")
        self.assertEqual(
            {line for line in CUSTOM if passes(line)}, {line for line, what in CUSTOM.items() if what == "rejected"}
        )
        self.assertIn("REJECT passes\n      rejected records only", (ROOT / "template.yaml").read_text())


class Syntax(unittest.TestCase):
    """The matcher itself, with the examples of AWS's page."""

    def test_documented_examples(self) -> None:
        """Both ways."""
        for pattern, good, bad in (
            ("%AUTHORIZED%", ["[ERROR 401] UNAUTHORIZED REQUEST", "[SUCCESS 200] AUTHORIZED REQUEST"], ["[SUCCESS 200] OK"]),
            ("%^[hc]at%", ["hat", "cat trick"], ["a hat", "bat"]),
            ("%[hc]at$%", ["a hat"], ["hats", "hat\n"]),
            ("%colou?r%", ["color", "colour"], ["colouur"]),
            ("%[abcx-z]%", ["y"], ["d"]),
            ("%^a{3,5}$%", ["aaa", "aaaaa"], ["aa", "aaaaaa"]),
            ("%^starting|^initia%", ["starting", "initia"], ["skipping initia"]),
            ("%abcc|ab[^c]$%", ["abcc ...", "aba"], ["aac", "abc"]),
            (r"%\[.\]%", ["[a]", "[]]", "[ ]"], ["[]"]),
            (r"%10\.10\.0\.1%", ["10.10.0.1"], ["10010,051"]),
            ("%10.10.0.1%", ["10010,051"], ["10010051"]),
            ("%ab*c%", ["ac", "abbbc"], ["ab"]),
            ("%ab[0-9]*%", ["ab", "ab129"], ["a1"]),
            ("%ab+c%", ["abc", "abbbc"], ["ac"]),
            (r"%^\d\D\s\S\w\W$%", ["1a\tb_-"], ["1a\rb_-", "aa b_-"]),
            (r"%\x3A%", [":"], [";"]),
            ("ERROR ARGUMENTS", ["[ERROR 419] MISSING ARGUMENTS"], ["[ERROR 400] BAD REQUEST"]),
            ("?ERROR ?ARGUMENTS", ["ERROR", "ARGUMENTS"], ["REQUEST"]),
            ("ERROR -ARGUMENTS", ["[ERROR 400] BAD REQUEST"], ["[ERROR 419] MISSING ARGUMENTS"]),
            ('"INTERNAL SERVER ERROR"', ["[ERROR 500] INTERNAL SERVER ERROR"], ["INTERNAL ERROR"]),
            ('" "', ["any thing"], ["nothing"]),
            ("", ["", "anything"], []),
        ):
            passes = matcher(pattern)
            self.assertEqual([text for text in (*good, *bad) if passes(text)], good, pattern)

    def test_what_is_not_documented_is_refused(self) -> None:
        """No parentheses, no other symbol, no space but by its class, no second expression."""
        for pattern in (
            *("%(a|b)%", "%something!%", "%a b%", "%a%b%", "%a", "%%", r"%\b1\b%", "%a|%", "%a**%", "%*a%", "%[]%", "%é%"),
            *("?ERROR REQUEST", "a.b", "[a, b", "[a, b=1 || b]", "[a b]", "REJECT" * 200),
        ):
            with self.assertRaises(ValueError, msg=pattern):
                matcher(pattern)

    def test_the_matcher_agrees_with_python_on_our_pattern(self) -> None:
        """Which reads it in the same way."""
        pattern = subscription({})
        passes, plain = matcher(pattern), re.compile(pattern.strip("%"))
        self.assertEqual([line for line in lines() if passes(line)], [line for line in lines() if plain.search(line)])


if __name__ == "__main__":
    unittest.main()
