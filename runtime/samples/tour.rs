//! The tour: the nine steps that every SDK's tour takes, checked as they are taken.
//!
//! `cargo run -p commy --example tour` ends with `9/9`, or with the step that failed.
#![expect(clippy::print_stdout, reason = "a sample shows what it does")]

use std::{fmt::Debug, process::ExitCode};

use commy::{Bytes, Instance, Mesh, Query, Service, ServiceSpec};

const STEPS: u32 = 9;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut tour = Tour::default();
    match tour.take().await {
        Ok(()) => println!("{}/{STEPS}", tour.taken),
        Err(what) => println!("{}. failed: {what}", tour.taken + 1),
    }
    if tour.taken == STEPS {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Counts the steps, and says what each of them showed.
#[derive(Default)]
struct Tour {
    taken: u32,
}

impl Tour {
    async fn take(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        self.step(
            "library version",
            commy::VERSION,
            commy::VERSION.split('.').count() == 3,
        )?;

        let mesh = Mesh::builder("tour").build()?;
        self.step("create a mesh", &mesh, mesh.name() == "tour")?;

        mesh.start().await?;
        self.step("start it", &mesh, mesh.is_running())?;

        let node = mesh.node_id().to_string();
        self.step(
            "status",
            format!("running as node {node}"),
            node.len() == 32,
        )?;

        let spec = |service, version| ServiceSpec::new(service).version(version).tag("tour");
        let greeter = Service::new(spec("greeter", "1.0.0"))
            .method("greet", |name: String, _| async move {
                Ok(format!("hello {name}"))
            });
        let adder = Service::new(spec("adder", "1.1.0"))
            .method("", |numbers: Vec<i64>, _| async move {
                Ok(numbers.iter().sum::<i64>())
            });
        let reverser = Service::new(spec("reverser", "2.0.0"))
            .bytes("", |payload: Bytes, _| async move {
                Ok(payload.iter().rev().copied().collect::<Bytes>())
            });
        let mut registrations = Vec::new();
        for service in [greeter, adder, reverser] {
            registrations.push(mesh.serve(service).await?);
        }
        let names: Vec<_> = registrations
            .iter()
            .map(|it| it.instance().spec.service.to_string())
            .collect();
        self.step(
            "register three services",
            &names,
            names == ["greeter", "adder", "reverser"],
        )?;

        // Others may take this tour on this host right now, and their services are in the same mesh.
        let is_mine = |it: &Instance| it.id.node == mesh.node_id();
        let found = mesh.discover(&Query::all().tag("tour"))?;
        let found: Vec<_> = found
            .iter()
            .filter(|it| is_mine(it))
            .map(|it| format!("{} {}", it.spec.service, it.spec.version))
            .collect();
        self.step(
            "find all three",
            &found,
            found == ["adder 1.1.0", "greeter 1.0.0", "reverser 2.0.0"],
        )?;

        let count = mesh.active_service_count()?;
        self.step("count the active ones", count, count >= 3)?;

        let greeting: String = mesh.call("greeter", "greet").json("Ann").await?.json()?;
        let sum: i64 = mesh.call("adder", "").json(&[1, 2, 3]).await?.json()?;
        let reversed = mesh
            .call("reverser", "")
            .bytes("abc")
            .await?
            .message
            .payload;
        let answers = (greeting.as_str(), sum, reversed);
        self.step(
            "call each",
            &answers,
            answers == ("hello Ann", 6, Bytes::from("cba")),
        )?;

        for registration in registrations {
            registration.deregister().await?;
        }
        let left = mesh.discover(&Query::all())?.iter().any(is_mine);
        mesh.stop().await?;
        self.step("clean up", &mesh, !left && !mesh.is_running())?;
        Ok(())
    }

    fn step(&mut self, title: &str, shown: impl Debug, holds: bool) -> Result<(), String> {
        if !holds {
            return Err(format!("{title}: {shown:?} is not what was expected"));
        }
        self.taken += 1;
        println!("{}. {title}: {shown:?}", self.taken);
        Ok(())
    }
}
