//! Each file of `tests/broken` names, in its first lines, the problems that it must show.
//!
//! `# expect: LINE KEY | words of what is wrong | words of the remedy`, one line a problem.

use super::read;
use std::path::Path;

#[test]
fn each_broken_configuration_is_told_with_line_key_and_remedy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12);
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let mut expected: Vec<_> =
            text.lines().filter_map(|l| l.strip_prefix("# expect: ")).map(expectation).collect();
        expected.sort();
        let problems = read(&file, &[]).err().unwrap_or_else(|| panic!("{name} is taken as good"));
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), expected.len(), "{name}: {told:#?}");
        for (problem, (line, key, what, remedy)) in problems.iter().zip(expected) {
            assert_eq!((problem.line, problem.key.as_str()), (line, key), "{name}: {problem}");
            assert!(problem.what.contains(what), "{name}: {problem}");
            assert!(problem.remedy.contains(remedy), "{name}: {problem}");
            assert_eq!(problem.file, file);
            assert!(!problem.to_string().contains("tk_"), "{name} tells a secret: {problem}");
        }
    }
}

fn expectation(line: &str) -> (usize, &str, &str, &str) {
    let mut parts = line.split(" | ");
    let (number, key) = parts.next().unwrap().split_once(' ').unwrap();
    (number.parse().unwrap(), key, parts.next().unwrap(), parts.next().unwrap())
}
