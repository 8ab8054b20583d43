//! `depara sandbox` as a process: what it serves, the faults it is told, the counts it shows.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A served sandbox; dies with the test.
struct Served {
    child: Child,
    address: String,
    /// A process whose words nobody takes any more ends.
    _told: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn serve(arguments: &[&str]) -> Served {
    let mut command = Command::new(env!("CARGO_BIN_EXE_depara"));
    command.args(["sandbox", "omie", "--port", "0", "--records", "30"]).args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    // The account file names the address; the lines end when the process does.
    let address = told.by_ref().lines().map_while(Result::ok).find_map(|line| {
        let rest = line.split("http://").nth(1)?;
        rest.split(['/', '"']).next().map(str::to_owned)
    });
    Served { child, address: address.unwrap(), _told: told }
}

impl Served {
    fn ask(&self, line: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(stream, "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    fn call(&self, call: &str, param: &Value) -> (u16, String) {
        let body = json!({ "call": call, "app_key": "demo-key", "app_secret": "demo-secret", "param": [param] });
        self.ask("POST /api/v1/geral/clientes/", &body.to_string())
    }

    fn state(&self) -> Value {
        serde_json::from_str(&self.ask("GET /_sandbox", "").1).unwrap()
    }
}

#[test]
fn a_served_sandbox_injects_what_it_is_told_and_counts_what_clients_do() {
    let served = serve(&["--fault", "refuse:Incluir:1:ERROR: Hoje não: volte", "--fault", "bad-gateway:Listar:1"]);
    let client = json!({ "razao_social": "A", "nome_fantasia": "A", "cnpj_cpf": "11222333000181" });
    let (status, body) = served.call("IncluirCliente", &client);
    assert!(status == 500 && body.contains("Hoje n\\u00e3o: volte"), "{status} {body}");
    assert_eq!(served.call("IncluirCliente", &client).0, 200);
    let page = json!({ "pagina": 1 });
    assert_eq!([0, 1, 2].map(|_| served.call("ListarClientes", &page).0), [502, 200, 500], "the third is redundant");
    // A running sandbox learns another fault.
    assert_eq!(served.ask("POST /_sandbox/fault", "throttle:Consultar").0, 200);
    assert_eq!(served.call("ConsultarCliente", &json!({ "codigo_cliente_omie": 1 })).0, 429);

    let state = served.state();
    assert_eq!(state["sandbox"], "omie");
    assert_eq!(state["calls"], json!({ "ConsultarCliente": 1, "IncluirCliente": 2, "ListarClientes": 3 }));
    assert_eq!(state["writes"], json!({ "IncluirCliente": 1 }));
    assert_eq!(state["broken"], json!({ "redundant": 1 }));
    assert_eq!(state["injected"], json!({ "bad-gateway": 1, "refuse": 1, "throttle": 1 }));
}

#[test]
fn a_fault_nobody_knows_stops_before_anything_is_served() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_depara"));
    let ended = command.args(["sandbox", "--port", "0", "--fault", "lose-anser:*"]).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("unknown fault `lose-anser`") && said.contains("`lose-answer`"), "{said}");
}
