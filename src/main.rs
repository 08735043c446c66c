//! The program `ascolto`; everything it does stands in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ascolto::cli::Cli::run()
}
