//! What is trained on, and the manifest that names it.

use super::super::failure::Failure;
use super::{labelled, sample};
use crate::classify::{Cascade, Labelled, Sample};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// How the encoder is named among the inputs; it has no lines.
const ENCODER: &str = "data/encoder.bin";

/// The samples of some folders, sorted by folder and file.
pub(super) struct Corpus {
    /// Every line.
    pub(super) samples: Vec<Sample>,
    /// Every file.
    pub(super) inputs: Vec<Input>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Input {
    /// Its folder's own name and its own: `complaints/it-a.jsonl`.
    pub(super) name: String,
    /// How many lines it holds.
    pub(super) lines: usize,
    /// SHA-256 in hexadecimal digits.
    pub(super) digest: String,
}

impl Corpus {
    /// Reads folders, and files by themselves.
    pub(super) fn read(folders: &[PathBuf]) -> Result<Corpus, Failure> {
        let mut files: Vec<(String, PathBuf)> = Vec::new();
        for folder in folders {
            if folder.is_file() {
                let whole = folder.canonicalize().map_err(|e| labelled::unreadable(folder, &e))?;
                let name = own_name(whole.parent().unwrap_or(&whole))?;
                let file = whole.file_name().unwrap_or_default().to_string_lossy();
                files.push((format!("{name}/{file}"), folder.clone()));
                continue;
            }
            let name = own_name(folder)?;
            let count = files.len();
            let entries =
                std::fs::read_dir(folder).map_err(|e| labelled::unreadable(folder, &e))?;
            for entry in entries {
                let path = entry.map_err(|e| labelled::unreadable(folder, &e))?.path();
                if path.extension().is_some_and(|end| end == "jsonl") {
                    let file = path.file_name().unwrap_or_default().to_string_lossy();
                    files.push((format!("{name}/{file}"), path.clone()));
                }
            }
            if files.len() == count {
                return Err(Failure::usage(format!(
                    "{} holds no .jsonl files; name folders of labelled lines",
                    folder.display()
                )));
            }
        }
        files.sort();
        if let Some(twice) = files.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Failure::usage(format!(
                "{} and {} would both be {}; give one folder another name",
                twice[0].1.display(),
                twice[1].1.display(),
                twice[0].0
            )));
        }
        let mut corpus = Corpus { samples: Vec::new(), inputs: Vec::new() };
        for (name, path) in files {
            let bytes = labelled::bytes(&path)?;
            let lines = labelled::read(&path, &bytes)?;
            corpus.inputs.push(Input { name, lines: lines.len(), digest: digest(&bytes) });
            corpus.samples.extend(lines.into_iter().map(sample));
        }
        Ok(corpus)
    }

    /// Takes the lines of other folders too, which stand on no side of a split.
    pub(super) fn learn_beside(&mut self, other: Corpus) -> Result<(), Failure> {
        let known = |input: &&Input| self.inputs.iter().any(|known| known.name == input.name);
        if let Some(twice) = other.inputs.iter().find(known) {
            return Err(Failure::usage(format!(
                "{} is named by --data and by --also; name its folder once",
                twice.name
            )));
        }
        self.inputs.extend(other.inputs);
        let beside = other.samples.into_iter().map(|sample| Sample { side: None, ..sample });
        self.samples.extend(beside);
        Ok(())
    }

    /// The lines of files that are named `…-plain…`.
    pub(super) fn plain(&self) -> BTreeSet<*const Labelled> {
        let of_file = self
            .inputs
            .iter()
            .flat_map(|input| std::iter::repeat_n(input.name.contains("-plain"), input.lines));
        let lines = self.samples.iter().zip(of_file);
        lines.filter(|(_, plain)| *plain).map(|(s, _)| std::ptr::from_ref(&s.labelled)).collect()
    }

    /// What the model was made of.
    pub(super) fn manifest(&self, name: &str, model: &[u8]) -> Manifest {
        let mut inputs = self.inputs.clone();
        let encoder = Cascade::encoder_file();
        inputs.push(Input { name: ENCODER.to_owned(), lines: 0, digest: digest(encoder) });
        Manifest { name: name.to_owned(), model: digest(model), inputs }
    }
}

/// The last part of a folder's path, which names it wherever it lies.
fn own_name(folder: &Path) -> Result<String, Failure> {
    let whole = folder.canonicalize().map_err(|e| labelled::unreadable(folder, &e))?;
    Ok(whole.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a model was made of: `model NAME SHA256`, then a line an input.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) name: String,
    /// The SHA-256 of its file.
    pub(super) model: String,
    pub(super) inputs: Vec<Input>,
}

impl Manifest {
    /// Reads what [`Manifest`] writes.
    pub(super) fn read(text: &str) -> Result<Manifest, String> {
        let mut manifest: Option<Manifest> = None;
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let fields: Vec<&str> = line.split(' ').collect();
            match (fields.as_slice(), &mut manifest) {
                (["model", name, model], None) => {
                    let (name, model) = ((*name).to_owned(), (*model).to_owned());
                    manifest = Some(Manifest { name, model, inputs: Vec::new() });
                }
                ([digest, lines, name], Some(manifest)) => {
                    let lines = lines.parse().map_err(|_| format!("manifest: `{line}`"))?;
                    let (name, digest) = ((*name).to_owned(), (*digest).to_owned());
                    manifest.inputs.push(Input { name, lines, digest });
                }
                _ => return Err(format!("manifest: `{line}` names no input")),
            }
        }
        manifest.ok_or_else(|| "the manifest names no model".to_owned())
    }

    /// What another one lacks, has besides, or has otherwise.
    pub(super) fn lacks(&self, other: &Manifest) -> Vec<String> {
        let mut lacks = Vec::new();
        for input in &self.inputs {
            match other.inputs.iter().find(|found| found.name == input.name) {
                None => lacks.push(format!("{} is missing", input.name)),
                Some(found) if found.digest != input.digest => {
                    lacks.push(format!("{} is another version", input.name));
                }
                Some(_) => {}
            }
        }
        let known = |input: &&Input| self.inputs.iter().any(|known| known.name == input.name);
        let more = other.inputs.iter().filter(|input| !known(input));
        lacks.extend(more.map(|input| format!("{} is not in the shipped model", input.name)));
        lacks
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# The model with its SHA-256; then its inputs: SHA-256, lines, folder and file."
        )?;
        writeln!(f, "model {} {}", self.name, self.model)?;
        for input in &self.inputs {
            writeln!(f, "{} {} {}", input.digest, input.lines, input.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_written_and_says_what_is_missing() {
        let input = |name: &str, digest: &str| Input {
            name: name.to_owned(),
            lines: 3,
            digest: digest.to_owned(),
        };
        let whole = Manifest {
            name: "m-1".to_owned(),
            model: "aa".to_owned(),
            inputs: vec![
                input("c/it a.jsonl".replace(' ', "-").as_str(), "01"),
                input("d/x.jsonl", "02"),
            ],
        };
        assert_eq!(Manifest::read(&whole.to_string()), Ok(whole));
        let whole = Manifest::read("model m aa\n01 3 c/a\n02 3 c/b\n").unwrap();
        let other = Manifest::read("model m bb\n01 3 c/a\n03 3 c/b\n04 1 e/x\n").unwrap();
        assert_eq!(
            whole.lacks(&other),
            ["c/b is another version", "e/x is not in the shipped model"]
        );
        let other = Manifest::read("model m bb\n").unwrap();
        assert_eq!(whole.lacks(&other), ["c/a is missing", "c/b is missing"]);
        assert!(Manifest::read("").is_err() && Manifest::read("model x\n").is_err());
    }
}
