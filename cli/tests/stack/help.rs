//! What the program says about itself.

use crate::harness::{Aws, Tool};

/// No call is made.
fn aws() -> Aws {
    Aws::new(|call| panic!("{call:?}"))
}

#[test]
fn each_command_has_examples_and_exit_codes() {
    let aws = aws();
    for command in
        [&["backtest"][..], &["doctor"], &["silence"], &["silence", "add"], &["incidents"], &["replay"], &["explain"]]
    {
        let help = Tool::new(&aws).run(&[command, &["--help"]].concat());
        let name = format!("\n  vpc-flow-alerts {}", command[0]);
        assert!(help.success().contains("\nExit codes:\n  0  ") && help.out.contains(&name), "{}", help.out);
    }
}

#[test]
fn the_page_has_each_command() {
    let aws = aws();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/command-line.md")).unwrap();
    let help = Tool::new(&aws).run(&["--help"]);
    let commands = help.success().split("\nCommands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names.iter().filter(|name| **name != "help") {
        assert!(page.contains(&format!("\n| `{name}")), "docs/command-line.md does not have {name}");
    }
}

#[test]
fn completions_are_of_the_shell_and_have_the_commands() {
    let aws = aws();
    for (shell, word) in
        [("bash", "complete -F"), ("zsh", "#compdef vpc-flow-alerts"), ("fish", "complete -c vpc-flow-alerts")]
    {
        let script = Tool::new(&aws).run(&["completions", shell]);
        for part in [word, "silence", "incidents", "--reason"] {
            assert!(script.success().replace("-l reason", "--reason").contains(part), "{shell}: {part}");
        }
    }
    assert_eq!(Tool::new(&aws).run(&["completions", "tcsh"]).code, 1);
}
