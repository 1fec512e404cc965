//! `vpc-flow-alerts explain`: the real binary, its output and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// The ping of AWS's documentation: it is accepted, and the answer is rejected
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>).
const REQUEST: &str =
    "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK";
const ANSWER: &str =
    "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK";
const INBOUND: &str =
    "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 REJECT OK";
const GRE: &str =
    "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 0 0 47 20 4249 1418530010 1418530070 REJECT OK";
const TCP: &str =
    "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK";

const OWN_ACL: &str = "acl-0f3a9c5b7d1e24680";
const OWN_GROUP: &str = "sg-0aa1b2c3d4e5f6071";

/// What a run printed.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn run_with(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vpc-flow-alerts"))
        .arg("explain")
        .args(["--offline"].iter().filter(|_| !arguments.contains(&"--network")))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that fails before it reads closes its end.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn run(arguments: &[&str]) -> Run {
    run_with(arguments, b"")
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/network")
}

/// A copy of the sample network: a file of it changed, or removed.
struct Network(PathBuf);

impl Network {
    fn new(test: &str) -> Network {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        for file in fs::read_dir(sample()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), directory.join(file.file_name())).unwrap();
        }
        Network(directory)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn without(self, noun: &str) -> Network {
        fs::remove_file(self.0.join(format!("{noun}.json"))).unwrap();
        self
    }

    fn with_text(self, noun: &str, text: &str) -> Network {
        fs::write(self.0.join(format!("{noun}.json")), text).unwrap();
        self
    }

    fn with(self, noun: &str, change: impl FnOnce(&mut Value)) -> Network {
        let mut value: Value = serde_json::from_slice(&fs::read(self.0.join(format!("{noun}.json"))).unwrap()).unwrap();
        change(&mut value);
        self.with_text(noun, &value.to_string())
    }

    /// The sample, where the network ACL allows everything.
    fn with_open_acl(self) -> Network {
        self.with("network-acls", |acls| {
            acls["NetworkAcls"][1]["Entries"].as_array_mut().unwrap().retain(|entry| entry["RuleNumber"] != 50);
        })
    }

    /// The sample, where the security group has no rule for inbound ICMP.
    fn without_group_rule(self) -> Network {
        self.with("security-groups", |groups| {
            let rules = groups["SecurityGroups"][0]["IpPermissions"].as_array_mut().unwrap();
            rules.retain(|rule| !rule["IpProtocol"].as_str().unwrap().starts_with("icmp"));
        })
    }
}

fn explained(network: &Network, lines: &[&str]) -> Value {
    let run = run(&[&["--json", "--network", network.path()], lines].concat());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let [only] = &run.objects()[..] else { panic!("one flow: {}", run.out) };
    only.clone()
}

#[test]
fn the_documented_answer_is_rejected_by_rule_50() {
    let run = run(&["--network", sample().to_str().unwrap(), REQUEST, ANSWER]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(
        run.out.lines().collect::<Vec<_>>(),
        [
            "web-1 (i-0789cafe0789cafe0, owner team-a) could not answer 4 pings from 203.0.113.12 (documentation address).",
            "Blocked by the outbound network ACL acl-0f3a9c5b7d1e24680: rule 50 denies ICMP to 0.0.0.0/0 (certain).",
            "",
            "WHY",
            "Outbound network ACL (certain)",
            "acl-0f3a9c5b7d1e24680 (public), outbound rule 50 denies ICMP to 0.0.0.0/0.",
            "4 packets the other way were let in at the same time, so these look like answers.",
            "The security group sg-0aa1b2c3d4e5f6071 (web) allows them, outbound: all traffic to 0.0.0.0/0.",
            "",
            "WHAT TO DO",
            "Not intended? Remove outbound rule 50 of acl-0f3a9c5b7d1e24680, or add an allow rule with a lower number. Allowing it \
             means that anyone's pings from the internet are answered.",
            "",
            "RECORDS",
            ANSWER,
            REQUEST,
        ]
    );
}

#[test]
fn each_field_of_the_json() {
    let network = Network::new("each-field");
    let explained = explained(&network, &[REQUEST, ANSWER]);
    let totals = &explained["evidence"][0]["totals"];
    assert_eq!((&totals["packets"], &totals["records"]), (&json!(4), &json!(1)));
    assert_eq!(
        explained,
        json!({
            "source": "172.31.16.139",
            "destination": "203.0.113.12",
            "interface": "eni-1235b8ca123456789",
            "rule": "ping",
            "layer": "network-acl",
            "confidence": "certain",
            "direction": "outbound",
            "origin": "own",
            "role": "answer",
            "evidence": [
                { "type": "opposite-accepted", "totals": totals },
                {
                    "type": "acl",
                    "id": OWN_ACL,
                    "name": "public",
                    "subnet": "subnet-0456789abcdef0123",
                    "direction": "egress",
                    "verdict": "denies",
                    "rules": [{ "number": 50, "action": "deny", "protocol": 1, "block": "0.0.0.0/0" }],
                },
                {
                    "type": "security-groups",
                    "groups": [{ "id": OWN_GROUP, "name": "web" }],
                    "direction": "egress",
                    "verdict": "allows",
                    "rules": [{ "group": OWN_GROUP, "peer": "0.0.0.0/0" }],
                },
            ],
            "advice": "Not intended? Remove outbound rule 50 of acl-0f3a9c5b7d1e24680, or add an allow rule with a lower number. \
                       Allowing it means that anyone's pings from the internet are answered.",
        })
    );
}

#[test]
fn without_a_network_the_records_alone_are_evidence() {
    let run = run(&["--json", REQUEST, ANSWER]);
    let [explained] = &run.objects()[..] else { panic!("one flow: {}", run.out) };
    assert_eq!((&explained["layer"], &explained["confidence"]), (&json!("network-acl"), &json!("likely")));
    assert_eq!((&explained["direction"], &explained["role"]), (&json!("outbound"), &json!("answer")));
    let evidence: Vec<&Value> = explained["evidence"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert_eq!(evidence, ["opposite-accepted", "missing-data", "missing-data", "missing-data"]);
    assert_eq!(explained["evidence"][1]["reason"], "not-given");
}

#[test]
fn a_request_alone_leaves_both_layers_open() {
    let run = run(&["--json", INBOUND]);
    let [explained] = &run.objects()[..] else { panic!("one flow: {}", run.out) };
    assert_eq!(explained["layer"], json!(["security-group", "network-acl"]));
    assert_eq!((&explained["confidence"], &explained["origin"]), (&json!("possible"), &json!("internet")));
    assert_eq!(explained.get("role"), None, "a stranger's packets have no role");
    assert!(explained["advice"].as_str().unwrap().starts_with("Normally leave it blocked"));
}

#[test]
fn a_group_without_a_rule() {
    let network = Network::new("no-rule").with_open_acl().without_group_rule();
    let explained = explained(&network, &[INBOUND]);
    assert_eq!((&explained["layer"], &explained["direction"]), (&json!("security-group"), &json!("inbound")));
    let groups = explained["evidence"].as_array().unwrap().iter().find(|one| one["type"] == "security-groups").unwrap();
    assert_eq!((&groups["verdict"], &groups["groups"][0]["id"]), (&json!("no-rule"), &json!(OWN_GROUP)));
}

#[test]
fn what_no_rule_of_today_blocks_is_unknown() {
    let explained = explained(&Network::new("neither"), &[INBOUND]);
    assert_eq!((&explained["layer"], &explained["confidence"]), (&json!("unknown"), &json!("possible")));
    assert!(explained["advice"].as_str().unwrap().starts_with("Not intended? No rule of today has to be changed"));
}

#[test]
fn both_layers_reject() {
    let denies_inbound = |acls: &mut Value| {
        let rule = &mut acls["NetworkAcls"][1]["Entries"][0];
        assert_eq!(rule["RuleNumber"], 50);
        rule["Egress"] = json!(false);
    };
    let network = Network::new("both").without_group_rule().with("network-acls", denies_inbound);
    // The packets may answer a ping that the group lets out: then the network ACL alone stopped them.
    assert_eq!(explained(&network, &[INBOUND])["layer"], "network-acl");

    let network = network.with("security-groups", |groups| {
        let group = &mut groups["SecurityGroups"][0];
        group["IpPermissionsEgress"] = json!([]);
        group["IpPermissions"].as_array_mut().unwrap().clear();
    });
    let explained = explained(&network, &[INBOUND]);
    assert_eq!(explained["layer"], json!(["security-group", "network-acl"]));
    assert_eq!(explained["confidence"], "certain");
    let evidence = explained["evidence"].as_array().unwrap();
    assert_eq!((&evidence[0]["verdict"], &evidence[0]["rules"][0]["number"]), (&json!("denies"), &json!(50)));
    assert_eq!(evidence[1]["verdict"], "no-rule");
}

#[test]
fn a_reject_reason_names_the_layer() {
    let format =
        "${interface-id} ${srcaddr} ${dstaddr} ${protocol} ${action} ${flow-direction} ${reject-reason} ${log-status}";
    for (reason, layer) in [("BPA", "block-public-access"), ("EC", "encryption-controls"), ("NEW", "unknown")] {
        let line = format!("eni-1 203.0.113.12 172.31.16.139 1 REJECT ingress {reason} OK");
        let run = run(&["--json", "--format", format, &line]);
        let explained = &run.objects()[0];
        assert_eq!((&explained["layer"], &explained["confidence"]), (&json!(layer), &json!("certain")));
        assert_eq!(explained["evidence"], json!([{ "type": "reject-reason", "value": reason }]));
    }
}

#[test]
fn a_missing_file_is_missing_data_and_nothing_is_guessed() {
    let missing = |noun: &str| {
        let network = Network::new(&format!("missing-{noun}")).without(noun);
        let explained = explained(&network, &[REQUEST, ANSWER]);
        let evidence = explained["evidence"].as_array().unwrap();
        let parts = evidence.iter().filter(|one| one["type"] == "missing-data").map(|one| one["part"].to_string());
        (explained["confidence"].as_str().unwrap().to_owned(), parts.collect::<Vec<_>>().join(" "))
    };
    let case = |confidence: &str, parts: &str| (confidence.to_owned(), parts.to_owned());
    assert_eq!(missing("network-acls"), case("likely", "\"acls\""));
    // An answer that the security groups let through by themselves: the rule of the network ACL is still proof.
    assert_eq!(missing("security-groups").1, "\"security-groups\"");
    assert_eq!(missing("network-interfaces"), case("likely", "\"interfaces\" \"security-groups\" \"acls\""));
    assert_eq!(missing("subnets"), case("certain", ""));
    assert_eq!(missing("tags"), case("certain", ""));

    let network = Network::new("missing-names").without("tags");
    let text = run(&["--network", network.path(), REQUEST, ANSWER]).out;
    assert!(text.starts_with("web-1-eth0 (i-0789cafe0789cafe0) could not answer"), "{text}");
    assert!(
        text.contains("\nNot known: names and owners; EC2 was not asked, and no file in --network has them.\n"),
        "{text}"
    );
}

#[test]
fn a_resource_that_no_file_has_is_missing_data() {
    let network = Network::new("not-there");
    let line = INBOUND.replace("eni-1235b8ca123456789", "eni-0aaaaaaaaaaaaaaaa");
    let text = run(&["--network", network.path(), &line]).out;
    assert!(
        text.contains("\nNot known: interfaces, security groups and network ACLs; EC2 was not asked, and no file in --network has them.\n"),
        "{text}"
    );

    let unknown = text.lines().find(|line| line.starts_with("Not known")).unwrap();
    let heavier = line.replace(" 4 336 ", " 9 756 ");
    let both = run(&["--network", network.path(), &heavier, REQUEST, ANSWER]).out;
    assert_eq!(both.matches(unknown).count(), 1, "the second flow misses nothing: {both}");

    let network = network.with("network-acls", |acls| drop(acls["NetworkAcls"].as_array_mut().unwrap().pop()));
    let text = run(&["--network", network.path(), REQUEST, ANSWER]).out;
    assert!(
        text.contains("\nNot known: network ACLs; EC2 was not asked, and no file in --network has them.\n"),
        "{text}"
    );
}

#[test]
fn a_prefix_list_that_no_file_has_is_said_only_where_it_would_tell_more() {
    let list = "pl-0a1b2c3d4e5f60718";
    let network = Network::new("no-prefix-list").without(list);
    let text = run(&["--network", network.path(), REQUEST, ANSWER]).out;
    assert!(!text.contains("prefix list"), "{text}");
    // Pings are let in from the list alone.
    let network = network.with("security-groups", |groups| {
        for group in groups["SecurityGroups"].as_array_mut().unwrap() {
            let list = json!([{ "PrefixListId": list }]);
            group["IpPermissions"] =
                json!([{ "IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "PrefixListIds": list }]);
        }
    });
    let text = run(&["--network", network.path(), INBOUND]).out;
    assert!(
        text.contains("\nNot known: prefix lists; EC2 was not asked, and no file in --network has them.\n"),
        "{text}"
    );

    let network = network.with_text(list, r#"{"Entries": [{"Cidr": "203.0.113.0/24"}]}"#);
    let text = run(&["--network", network.path(), INBOUND]).out;
    assert!(!text.contains("Not known"), "{text}");
    assert!(text.contains(&format!("allows them, inbound: ICMP from {list}")), "{text}");

    let network = network.with_text(list, r#"{"Entries": [{"Cidr": "everywhere"}]}"#);
    let run = run(&["--network", network.path(), INBOUND]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    let command = format!("expected the output of aws ec2 get-managed-prefix-list-entries --prefix-list-id {list}");
    assert!(
        run.err.contains(&format!("{list}.json: an entry is no block")) && run.err.contains(&command),
        "{}",
        run.err
    );
}

#[test]
fn a_file_that_is_something_else_is_named_with_the_problem() {
    for (noun, text, problem) in [
        ("network-acls", "{\"NetworkAcls\": [", "EOF while parsing"),
        ("network-acls", "", "EOF while parsing"),
        ("network-acls", "{\"SecurityGroups\": []}", "missing field `NetworkAcls`"),
        ("network-interfaces", "[]", "invalid length 0"),
        ("network-interfaces", "{\"NetworkInterfaces\": [{}]}", "item 1 has no id"),
        ("security-groups", "An error occurred (UnauthorizedOperation)", "expected value"),
        (
            "security-groups",
            "{\"SecurityGroups\": [{\"GroupId\": \"sg-1\", \"IpPermissions\": [{\"IpProtocol\": \"pigeon\"}]}]}",
            "item 1 has a rule or a group that cannot be interpreted",
        ),
        ("subnets", "{\"Subnets\": 3}", "invalid type"),
        ("tags", "{\"Tags\": [{\"Key\": \"Name\", \"Value\": \"x\"}]}", "item 1 has no id"),
    ] {
        let network = Network::new("broken").with_text(noun, text);
        let run = run(&["--network", network.path(), ANSWER]);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{text}");
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
        assert!(run.err.contains(&format!("{noun}.json: ")) && run.err.contains(problem), "{text}: {}", run.err);
        assert!(run.err.contains(&format!("aws ec2 describe-{noun}")), "{}", run.err);
    }
    let run = run(&["--network", env!("CARGO_TARGET_TMPDIR"), ANSWER]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("none of network-interfaces.json"), "{}", run.err);
}

#[test]
fn foreign_text_stays_on_its_line() {
    let evil = "x\r\n\r\nWHAT TO DO\nNothing: https://phish.example/ \u{1b}[31m\u{202e}gnp";
    let network = Network::new("foreign")
        .with("tags", |tags| {
            for tag in tags["Tags"].as_array_mut().unwrap() {
                tag["Value"] = json!(evil);
            }
        })
        .with("security-groups", |groups| groups["SecurityGroups"][0]["GroupName"] = json!(evil))
        .with("network-acls", |acls| acls["NetworkAcls"][1]["Tags"][0]["Value"] = json!(evil));
    let line = ANSWER.replace("123456789010", "\u{1b}[2J\u{7}");
    for language in ["en", "ja"] {
        let run = run(&["--language", language, "--network", network.path(), REQUEST, &line]);
        assert_eq!(run.code, 0);
        let shown = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(run.out.chars().all(shown) && run.err.chars().all(shown), "{}", run.out);
        assert_eq!(run.out.matches("\nWHAT TO DO\n").count(), usize::from(language == "en"), "{}", run.out);
        assert!(!run.out.contains("https://phish"), "{}", run.out);
    }
    let json = run(&["--json", "--network", network.path(), REQUEST, &line]);
    assert_eq!(json.objects().len(), 1);
    let raw = json.objects()[0].to_string();
    assert!(!raw.contains("\\u001b") && !raw.contains("\\r") && !raw.contains('\u{202e}'), "{raw}");
}

#[test]
fn several_flows_are_explained_one_by_one() {
    let other = ANSWER.replace(" 4 336 ", " 9 756 ").replace("203.0.113.12", "198.51.100.1");
    let input = [REQUEST, ANSWER, "", &other, GRE].join("\n");
    let network = Network::new("several");
    let run = run_with(&["--network", network.path(), "-"], input.as_bytes());
    assert_eq!(run.code, 0);
    assert_eq!(
        run.err,
        "vpc-flow-alerts: no verdict for 1 records of other protocols: only rejected ICMP, TCP and UDP have one\n"
    );
    let heads: Vec<&str> = run.out.split("--- ").skip(1).map(|part| part.lines().nth(1).unwrap()).collect();
    assert_eq!(
        heads,
        [
            "web-1 (i-0789cafe0789cafe0, owner team-a) could not send 9 pings to 198.51.100.1 (documentation address).",
            "web-1 (i-0789cafe0789cafe0, owner team-a) could not answer 4 pings from 203.0.113.12 (documentation address).",
        ]
    );
    let json = run_with(&["--json", "--network", network.path()], input.as_bytes());
    let roles: Vec<Value> = json.objects().iter().map(|one| one["role"].clone()).collect();
    assert_eq!(roles, ["request", "answer"], "what was accepted is evidence for its own flow alone");
}

#[test]
fn two_interfaces_of_one_network_know_each_other() {
    let network = Network::new("peers").with_open_acl();
    let line =
        "2 123456789010 eni-0999f8e7d6c5b4a39 172.31.16.139 172.31.32.9 0 0 1 4 336 1432917027 1432917142 REJECT OK";
    let explained = explained(&network, &[line]);
    // The group allows pings of the members of the sender's group, and nothing else.
    let groups = explained["evidence"].as_array().unwrap().iter().find(|one| one["type"] == "security-groups").unwrap();
    assert_eq!((&groups["verdict"], &groups["rules"][0]["peer"]), (&json!("depends"), &json!(OWN_GROUP)));
    assert_eq!(groups["rules"][0]["depends_on"], "icmp-type");
    assert_eq!(explained["direction"], "inbound");
}

/// A file with this content.
fn file(name: &str, content: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn records_come_from_files_directories_and_arguments_together() {
    let request = file("together/logs/1/request.log", REQUEST);
    let directory = request.parent().unwrap().parent().unwrap().to_str().unwrap();
    let expected = run(&[REQUEST, ANSWER]).out;
    assert_eq!(run(&["--file", directory, ANSWER]).out, expected);
    assert_eq!(run_with(&["--file", directory, "-"], ANSWER.as_bytes()).out, expected);
    let answer = file("together/answer.log", ANSWER);
    let both = ["--file", answer.to_str().unwrap(), "--file", directory];
    assert_eq!(run_with(&both, INBOUND.as_bytes()).out, expected, "standard input is not read without -");
    let missing = run(&["--file", "no-such-file"]);
    assert_eq!((missing.code, missing.err.contains("cannot read no-such-file")), (1, true), "{}", missing.err);
}

#[test]
fn records_of_several_formats_are_one_batch_if_they_can_be_told_apart() {
    let header = "interface-id srcaddr dstaddr protocol action start log-status";
    let answer = "eni-1235b8ca123456789 172.31.16.139 203.0.113.12 1 REJECT 1432917094 OK";
    let short = file("formats/short.log", &format!("{header}\n{answer}\n"));
    let short = short.to_str().unwrap();
    let run = run(&["--json", "--file", short, REQUEST]);
    assert_eq!(run.objects()[0]["role"], "answer", "{}{}", run.out, run.err);
    let other = "interface-id dstaddr srcaddr protocol action start log-status";
    let other = file("formats/other.log", &format!("{other}\n{answer}\n"));
    let both = self::run(&["--file", short, "--file", other.to_str().unwrap()]);
    assert_eq!(both.code, 1);
    assert!(both.err.contains("explain the records of one format at a time"), "{}", both.err);
}

#[test]
fn a_line_that_cannot_be_read_is_named_with_its_place() {
    let path = file("places/flow.log", &format!("{ANSWER}\nhello there\n"));
    let run = run(&["--file", path.to_str().unwrap()]);
    let place = format!("vpc-flow-alerts: {}:2 cannot be read, 2 fields", path.display());
    assert!(run.code == 0 && run.err.starts_with(&place), "{}", run.err);
}

#[test]
fn more_records_than_a_person_asks_about_are_refused() {
    let input = [ANSWER, "\n"].concat().repeat(100_001);
    let run = run_with(&["-"], input.as_bytes());
    assert_eq!(run.err, "vpc-flow-alerts: more than 100000 records: pass the records in question\n");
    let run = run_with(&["-"], &input.as_bytes()[ANSWER.len() + 1..]);
    assert!(run.code == 0 && run.out.contains("400,000 pings"), "{}{}", run.out, run.err);
}

#[test]
fn exit_codes() {
    for (arguments, code, error) in [
        (&[ANSWER][..], 0, ""),
        (&[TCP], 0, ""),
        (&[GRE], 2, "no verdict for 1 records of other protocols"),
        (&[REQUEST], 2, "no record is rejected ICMP, TCP or UDP"),
        (
            &["2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA"],
            2,
            "no record is rejected ICMP, TCP or UDP",
        ),
        (&["hello there"], 1, "cannot be read, 2 fields"),
        (&["hello there", ANSWER], 0, "cannot be read, 2 fields"),
        (&[], 1, "there is no record"),
        (&["--format", "${srcaddr}", ANSWER], 1, "no ${action}"),
        (&["--language", "fr", ANSWER], 1, "one of en, ja"),
        (&["--no-such-option"], 1, "--no-such-option"),
        (&["--own-networks", "10.0.0.0/99", ANSWER], 1, "CIDR blocks"),
    ] {
        let run = run(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(error), "{arguments:?}: {}", run.err);
        assert_eq!(code == 0, !run.out.is_empty(), "{arguments:?}: {}", run.out);
    }
}

#[test]
fn a_record_needs_no_quotation_marks() {
    let fields: Vec<&str> = ANSWER.split(' ').collect();
    assert_eq!(run(&fields).out, run(&[ANSWER]).out);
}

#[test]
fn own_networks_and_owner_tags_are_those_of_the_stack() {
    let run = run(&["--json", "--own-networks", "203.0.113.0/24", INBOUND]);
    assert_eq!(run.objects()[0]["origin"], "private");
    let network = Network::new("owner");
    let run = self::run(&["--network", network.path(), "--owner-tag-keys", "cost", REQUEST, ANSWER]);
    assert!(run.out.starts_with("web-1 (i-0789cafe0789cafe0, cost: 42)"), "{}", run.out);
}

#[test]
fn japanese() {
    let run = run(&["--language", "ja", "--network", sample().to_str().unwrap(), REQUEST, ANSWER]);
    let headings: Vec<&str> = run.out.lines().filter(|line| ["原因", "対応", "ログレコード"].contains(line)).collect();
    assert_eq!(headings, ["原因", "対応", "ログレコード"]);
    assert!(run.out.contains("acl-0f3a9c5b7d1e24680"), "{}", run.out);
}

#[test]
fn the_help_has_an_example_and_the_exit_codes() {
    let run = run(&["--help"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(run.out.contains("--network network") && run.out.contains("\nExit codes:\n"), "{}", run.out);
}

#[test]
fn a_rejected_connection_has_a_verdict_with_its_service() {
    let run = run(&["--json", TCP]);
    let [verdict] = &run.objects()[..] else { panic!("{}", run.out) };
    assert_eq!(verdict["service"], "172.31.9.12:3389/tcp");
    assert_eq!((&verdict["rule"], &verdict["layer"][0]), (&"request".into(), &"security-group".into()));
    let format =
        "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${action} ${tcp-flags} ${log-status}";
    let late = self::run(&["--json", "--format", format, "eni-1 10.0.2.20 10.0.1.10 443 41022 6 REJECT 4 OK"]);
    assert_eq!(late.objects()[0]["layer"], "late-packet", "{}", late.out);
}
