//! The tour: the nine steps that every SDK's tour takes, checked as they are taken.
//!
//! `cargo run -p commy --example tour`
#![expect(clippy::print_stdout, reason = "a tour says what it shows")]

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use commy::{Mesh, Query, Service, ServiceSpec};

const STEPS: usize = 9;
const TIMEOUT: Duration = Duration::from_secs(2);

/// Counts the steps, and says what each of them showed.
struct Tour {
    taken: usize,
}

impl Tour {
    fn step(&mut self, title: &str, shown: impl Debug, holds: bool) -> Result<(), String> {
        if !holds {
            let number = self.taken + 1;
            return Err(format!(
                "{number}. {title}: {shown:?} is not what was expected"
            ));
        }
        self.taken += 1;
        println!("{}. {title}: {shown:?}", self.taken);
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut tour = Tour { taken: 0 };

    let version = commy::VERSION;
    tour.step("library version", version, version.split('.').count() == 3)?;

    let mesh = Mesh::builder("tour").build()?;
    tour.step("create a mesh", mesh.name(), mesh.name() == "tour")?;

    mesh.start().await?;
    tour.step("start it", mesh.is_running(), mesh.is_running())?;

    let node = mesh.node_id().to_string();
    tour.step("status", &node, mesh.is_running() && !node.is_empty())?;

    let spec = |name: &str, version: &str| ServiceSpec::new(name).version(version).tag("tour");
    let greeter = Service::new(spec("greeter", "1.0.0"))
        .method("greet", |name: String, _| async move {
            Ok(format!("hello {name}"))
        });
    let adder = Service::new(spec("adder", "1.1.0"))
        .method("", |numbers: Vec<i64>, _| async move {
            Ok(numbers.iter().sum::<i64>())
        });
    let reverser = Service::new(spec("reverser", "2.0.0")).bytes("", |payload, _| async move {
        Ok(payload.iter().rev().copied().collect::<Vec<u8>>())
    });
    let registrations = [
        mesh.serve(greeter).await?,
        mesh.serve(adder).await?,
        mesh.serve(reverser).await?,
    ];
    let names = registrations
        .each_ref()
        .map(|it| it.instance().spec.service.to_string());
    tour.step(
        "register three services",
        &names,
        names == ["greeter", "adder", "reverser"],
    )?;

    let found: Vec<String> = mesh
        .discover(&Query::all().tag("tour"))?
        .iter()
        .map(|it| format!("{} {}", it.spec.service, it.spec.version))
        .collect();
    let expected = ["adder 1.1.0", "greeter 1.0.0", "reverser 2.0.0"];
    tour.step("find all three", &found, found == expected)?;

    let count = mesh.active_service_count()?;
    tour.step("count the active ones", count, count == 3)?;

    let greet = mesh.call("greeter", "greet").json("Ann").timeout(TIMEOUT);
    let greeting: String = greet.await?.json()?;
    let sum: i64 = mesh
        .call("adder", "")
        .json(&[1, 2, 3])
        .timeout(TIMEOUT)
        .await?
        .json()?;
    let reversed = mesh
        .call("reverser", "")
        .bytes("abc")
        .timeout(TIMEOUT)
        .await?
        .message
        .payload;
    let right = greeting == "hello Ann" && sum == 6 && reversed == "cba";
    tour.step("call each", (greeting, sum, reversed), right)?;

    for registration in registrations {
        registration.deregister().await?;
    }
    let left = mesh.discover(&Query::all())?;
    mesh.stop().await?;
    tour.step("clean up", &left, left.is_empty() && !mesh.is_running())?;

    println!("{}/{STEPS}", tour.taken);
    Ok(())
}
