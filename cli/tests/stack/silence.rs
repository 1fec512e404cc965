//! `vpc-flow-alerts silence`.

use serde_json::{Value, json};

use crate::harness::{Answer, Aws, Table, Tool, describe_stacks, now, stack};

const HOUR: u64 = 3_600_000;

fn aws(table: &Table) -> Aws {
    let table = table.clone();
    Aws::new(move |call| stack(call, |call| table.answer(call)))
}

/// A silence that ends so many milliseconds from now, which may be in the past.
fn silence(id: &str, ends_in: i64) -> Value {
    let now = i64::try_from(now()).unwrap();
    json!({ "id": id, "source": "10.0.0.1/32", "from": now - 7_200_000, "until": now + ends_in, "reason": id, "by": "bob" })
}

fn stored(table: &Table) -> Vec<Value> {
    table.item("silences").map(|(_, body)| body["silences"].as_array().unwrap().clone()).unwrap_or_default()
}

fn ids(silences: &[Value]) -> Vec<&str> {
    silences.iter().map(|silence| silence["id"].as_str().unwrap()).collect()
}

#[test]
fn a_silence_is_stored_in_the_form_that_the_functions_read() {
    let table = Table::default();
    let aws = aws(&table);
    let line = "silence add --source 10.0.0.0/24 --destination 2001:db8::/32 --port 5432/tcp --interface eni-1 --origin own-request --rule request --log-account 123456789012 --log-region eu-west-1 --log-group Log-Group --for 8h";
    let mut args: Vec<&str> = line.split(' ').collect();
    args.extend(["--reason", "load test"]);
    let printed = Tool::new(&aws).run(&args);
    let out = printed.success();
    assert_eq!(printed.err, "In account 123456789012, region us-east-1, stack ping-deny:\n");
    let (version, _) = table.item("silences").unwrap();
    let [mut new] = <[Value; 1]>::try_from(stored(&table)).unwrap();
    let (from, until) = (new["from"].as_u64().unwrap(), new["until"].as_u64().unwrap());
    assert_eq!((version, until - from), (1, 8 * HOUR));
    let id = new["id"].as_str().unwrap().to_owned();
    assert!(id.len() == 4 && id.bytes().all(|byte| b"23456789abcdefghjkmnpqrstuvwxyz".contains(&byte)), "{id}");
    for text in [&id, "load test", "alice", "--source 10.0.0.0/24 --destination 2001:db8::/32", " UTC "] {
        assert!(out.contains(text), "{out}");
    }
    // `alerting` holds that the functions read this file.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/alerting/tests/stored-state/silences.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let expected = &file["silences"][0];
    for field in ["id", "from", "until"] {
        new[field] = expected[field].clone();
    }
    assert_eq!(new, *expected);
}

#[test]
fn what_cannot_be_right_is_refused_and_nothing_is_written() {
    let table = Table::default();
    let aws = aws(&table);
    let good = [("--source", "10.0.0.1"), ("--for", "8h"), ("--reason", "x")];
    for (option, value, message) in [
        ("--source", "", "required arguments were not provided"),
        ("--source", "10.0.0.1/24", "such as 10.0.0.0/24"),
        ("--source", "web-1", "an address or a CIDR block"),
        ("--for", "", "--for <TIME>"),
        ("--for", "31d", "at most 30d"),
        ("--for", "0h", "at most 30d"),
        ("--reason", "", "--reason <TEXT>"),
        ("--reason", " ", "a text"),
        ("--origin", "stranger", "one of own-request"),
        ("--rule", "Ssh-Deny", "one of ping, request"),
        ("--port", "5432", "a port with its protocol, as 5432/tcp"),
        ("--until", "2026-01-01 00:00", "cannot be used with"),
    ] {
        let mut args = vec!["silence", "add"];
        let pairs = good.iter().copied().filter(|(known, _)| *known != option).chain([(option, value)]);
        pairs.filter(|(_, value)| !value.is_empty()).for_each(|(option, value)| args.extend([option, value]));
        let printed = Tool::new(&aws).run(&args);
        assert_eq!(printed.code, 1, "{printed:?}");
        assert!(printed.err.contains(message), "{message}: {}", printed.err);
    }
    let past = ["silence", "add", "--source", "10.0.0.1", "--until", "2020-01-01 00:00", "--reason", "x"];
    assert!(Tool::new(&aws).run(&past).failure().ends_with("00:00:00 UTC, 2020-01-01 is over"));
    assert_eq!(stored(&table), [Value::Null; 0]);
    assert!(!aws.operations().contains(&"dynamodb PutItem".to_owned()));
}

#[test]
fn silences_are_listed_and_ended_and_those_that_have_ended_are_dropped_by_a_write() {
    let hour = i64::try_from(HOUR).unwrap();
    let silences = json!({ "silences": [silence("later", 2 * hour), silence("over", -1), silence("soon", hour)] });
    let table = Table::default().with("silences", 7, &silences);
    let aws = aws(&table);
    let tool = Tool::new(&aws);
    let listed = tool.run(&["silence", "list"]);
    let lines: Vec<&str> = listed.success().lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(lines, ["ID", "soon", "later"]);
    let json = tool.run(&["silence", "list", "--json"]);
    let docs: Vec<Value> = json.success().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ids(&docs), ["soon", "later"]);
    assert_eq!((&docs[0]["source"], &docs[0]["by"]), (&json!("10.0.0.1/32"), &json!("bob")));
    assert_eq!(table.item("silences").unwrap().0, 7, "a list writes nothing");

    assert!(tool.run(&["silence", "end", "nope"]).failure().starts_with("there is no silence nope"));
    assert!(tool.run(&["silence", "end", "over"]).failure().starts_with("there is no silence over"));
    tool.run(&["silence", "end", "soon"]).success();
    assert_eq!((table.item("silences").unwrap().0, ids(&stored(&table))), (8, vec!["later"]));
    let last = tool.run(&["silence", "end", "later"]);
    assert_eq!((last.success(), stored(&table).len()), ("no silences\n", 0));
}

#[test]
fn a_write_of_somebody_else_is_not_lost_and_five_of_them_are_too_many() {
    for (others, puts, done) in [(0, 1, true), (4, 5, true), (5, 5, false)] {
        let table = Table::default().with_others(others);
        let aws = aws(&table);
        let printed = Tool::new(&aws).run(&["silence", "add", "--source", "10.0.0.1", "--for", "1h", "--reason", "x"]);
        let calls = aws.operations().iter().filter(|operation| *operation == "dynamodb PutItem").count();
        assert_eq!((calls, stored(&table).len()), (puts, usize::from(done)), "{others} others");
        match done {
            true => assert_eq!((printed.code, table.item("silences").unwrap().0), (0, u64::from(others) + 1)),
            false => assert!(printed.failure().contains("at the same time, 5 times"), "{printed:?}"),
        }
    }
}

#[test]
fn there_are_fifty_at_most() {
    let all: Vec<Value> = (0..50).map(|number| silence(&format!("s{number}"), 1_000_000)).collect();
    let table = Table::default().with("silences", 1, &json!({ "silences": all }));
    let aws = aws(&table);
    let add = ["silence", "add", "--source", "10.0.0.9", "--for", "1h", "--reason", "x"];
    assert!(Tool::new(&aws).run(&add).failure().starts_with("there are 50 silences, the maximum"));
    Tool::new(&aws).run(&["silence", "end", "s7"]).success();
    Tool::new(&aws).run(&add).success();
    assert_eq!(stored(&table).len(), 50);
}

#[test]
fn a_list_that_cannot_be_read_is_not_overwritten_and_a_field_of_a_later_version_is_kept() {
    let mut later = silence("s1", 1_000_000);
    later["weekday"] = json!(7);
    let mut unknown = silence("s1", 1_000_000);
    unknown["origin"] = json!("of-a-later-version");
    for (body, written) in [
        (json!({}), false),
        (json!({ "silences": [unknown] }), false),
        (json!({ "silences": [], "more": 1 }), false),
        (json!({ "silences": [later] }), true),
    ] {
        let table = Table::default().with("silences", 3, &body);
        let aws = aws(&table);
        let printed = Tool::new(&aws).run(&["silence", "add", "--source", "10.0.0.9", "--for", "1h", "--reason", "x"]);
        if written {
            assert!(printed.success().contains("and a condition of a later version"), "{printed:?}");
            assert_eq!((stored(&table).len(), &stored(&table)[0]), (2, &body["silences"][0]));
        } else {
            assert!(printed.failure().contains("cannot be read, and are left as they are"), "{printed:?}");
            assert_eq!(table.item("silences"), Some((3, body)));
        }
    }
}

#[test]
fn times_are_in_the_zone_of_the_emails_unless_another_is_asked_for() {
    let table = Table::default().with("silences", 1, &json!({ "silences": [silence("s1", 1_000_000)] }));
    let of_table = table.clone();
    let aws = Aws::new(move |call| match &*call.service {
        "cloudformation" => {
            describe_stacks(call, "ping-deny", &[("IncidentTableName", "incidents")], &[("TimeZone", "Asia/Tokyo")])
        }
        _ => stack(call, |call| of_table.answer(call)),
    });
    for (args, zone) in [(&["silence", "list"][..], " JST "), (&["silence", "list", "--time-zone", "UTC"], " UTC ")] {
        let printed = Tool::new(&aws).run(args);
        assert!(printed.success().contains(zone), "{printed:?}");
    }
}

#[test]
fn a_table_by_its_name_needs_no_stack() {
    let table = Table::default();
    let aws = aws(&table);
    let printed = Tool::new(&aws).run(&["silence", "list", "--table", "incidents"]);
    assert_eq!(printed.success(), "no silences\n");
    assert_eq!(printed.err, "In account 123456789012, region us-east-1, table incidents:\n");
    assert_eq!(aws.operations(), ["sts GetCallerIdentity", "dynamodb BatchGetItem"]);
}

#[test]
fn whoever_may_not_ask_who_they_are_says_so() {
    let table = Table::default();
    let of_table = table.clone();
    let aws = Aws::new(move |call| match &*call.service {
        "sts" => Answer::xml_error(403, "AccessDenied", "not you"),
        _ => stack(call, |call| of_table.answer(call)),
    });
    let add = ["silence", "add", "--source", "10.0.0.1", "--for", "1h", "--reason", "x"];
    let printed = Tool::new(&aws).run(&add);
    assert!(
        printed.err.starts_with("In account unknown (sts:GetCallerIdentity: AccessDenied: not you), region us-east-1")
    );
    assert!(printed.failure().contains("pass --by NAME"));
    Tool::new(&aws).run(&[&add[..], &["--by", "carol"]].concat()).success();
    assert_eq!(stored(&table)[0]["by"], "carol");
}
