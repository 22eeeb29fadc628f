//! A plain client: HTTP with reqwest, gRPC with a bare tonic channel.

use std::time::Duration;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use http::uri::PathAndQuery;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, StatusCode};
use schemas::pubsub::{
    FetchRequest, FetchResponse, PublishRequest, PublishResponse, ReplayPreset, SchemaInfo, SchemaRequest, TopicInfo,
    TopicRequest,
};
use serde_json::{Value, json};
use simulators::salesforce::{Handle, Options, SeedOrder, start};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// A running org and what is needed to speak to it.
pub(crate) struct World {
    pub(crate) org: Handle,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
    pub(crate) channel: Channel,
}

/// One open stream.
pub(crate) struct Stream {
    pub(crate) requests: mpsc::Sender<FetchRequest>,
    pub(crate) responses: Streaming<FetchResponse>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let org = start(options).await.unwrap();
        let mut http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let mut endpoint = Endpoint::from_shared(org.pubsub_endpoint.clone()).unwrap();
        if let Some(file) = &org.ca_file {
            let pem = std::fs::read(file).unwrap();
            http = http.tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()]);
            endpoint = endpoint
                .tls_config(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
                .unwrap();
        }
        let mut world = Self {
            org,
            http: http.build().unwrap(),
            token: String::new(),
            channel: endpoint.connect_lazy(),
        };
        world.sign_in().await;
        world
    }

    /// Takes a token with client credentials.
    pub(crate) async fn sign_in(&mut self) {
        let (status, body) = self.token_call(&self.credentials()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["access_token"].as_str().unwrap().clone_into(&mut self.token);
    }

    pub(crate) fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", self.org.client_id.clone()),
            ("client_secret", self.org.client_secret.clone()),
        ]
    }

    pub(crate) async fn token_call(&self, form: &[(&'static str, String)]) -> (StatusCode, Value) {
        let url = format!("{}/services/oauth2/token", self.org.login_url);
        let response = self.http.post(url).form(form).send().await.unwrap();
        (response.status(), response.json().await.unwrap_or_default())
    }

    /// Claims that are good, to be spoiled.
    pub(crate) fn claims(&self) -> Value {
        let expires = jiff::Timestamp::now().as_second() + 180;
        json!({
            "iss": self.org.client_id, "sub": self.org.username, "aud": "https://login.salesforce.com", "exp": expires,
        })
    }

    pub(crate) fn assertion(&self, claims: &Value) -> Vec<(&'static str, String)> {
        let key = EncodingKey::from_rsa_pem(&std::fs::read(&self.org.jwt_key_file).unwrap()).unwrap();
        let assertion = jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key).unwrap();
        vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
            ("assertion", assertion),
        ]
    }

    /// One REST call under v67.0, with a token.
    pub(crate) async fn rest(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let url = format!("{}/services/data/v67.0{path}", self.org.instance_url);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.rest(Method::GET, path, None).await
    }

    /// Creates a record and returns its id.
    pub(crate) async fn create(&self, object: &str, fields: &Value) -> String {
        let (status, body) = self
            .rest(Method::POST, &format!("/sobjects/{object}"), Some(fields))
            .await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        assert_eq!((&body["success"], &body["errors"]), (&json!(true), &json!([])));
        body["id"].as_str().unwrap().to_owned()
    }

    /// A draft order of one line.
    pub(crate) fn draft(&self, customer_name: &str) -> String {
        let lines = vec![("CM-PRO".to_owned(), 1)];
        self.org
            .seed_order(&SeedOrder {
                customer_name: customer_name.to_owned(),
                customer_email: None,
                lines,
            })
            .unwrap()
    }

    /// An order that is activated, so that its event is on the bus.
    pub(crate) fn activated(&self, customer_name: &str) -> String {
        let id = self.draft(customer_name);
        self.org.activate(&id).unwrap();
        id
    }

    /// A gRPC request with the three headers.
    pub(crate) fn signed<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let headers = request.metadata_mut();
        headers.insert("accesstoken", self.token.parse().unwrap());
        headers.insert("instanceurl", self.org.instance_url.parse().unwrap());
        headers.insert("tenantid", self.org.org_id.parse().unwrap());
        request
    }

    pub(crate) async fn topic(&self, request: Request<TopicRequest>) -> Result<TopicInfo, Status> {
        self.unary("GetTopic", request, ProstCodec::<TopicRequest, TopicInfo>::default())
            .await
    }

    pub(crate) async fn schema(&self, schema_id: &str) -> Result<SchemaInfo, Status> {
        let request = self.signed(SchemaRequest {
            schema_id: schema_id.to_owned(),
        });
        self.unary("GetSchema", request, ProstCodec::<SchemaRequest, SchemaInfo>::default())
            .await
    }

    pub(crate) async fn publish(&self, request: PublishRequest) -> Result<PublishResponse, Status> {
        self.unary(
            "Publish",
            self.signed(request),
            ProstCodec::<PublishRequest, PublishResponse>::default(),
        )
        .await
    }

    async fn unary<M, R>(&self, method: &str, request: Request<M>, codec: ProstCodec<M, R>) -> Result<R, Status>
    where
        M: prost::Message + Send + Sync + 'static,
        R: prost::Message + Default + Send + Sync + 'static,
    {
        let mut grpc = tonic::client::Grpc::new(self.channel.clone()).max_encoding_message_size(usize::MAX);
        grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
        Ok(grpc.unary(request, path(method), codec).await?.into_inner())
    }

    /// Opens a stream with a first request.
    pub(crate) async fn subscribe(&self, first: FetchRequest) -> Result<Stream, Status> {
        let (requests, outbound) = mpsc::channel(16);
        requests.send(first).await.unwrap();
        let request = self.signed(ReceiverStream::new(outbound));
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
        let codec = ProstCodec::<FetchRequest, FetchResponse>::default();
        let responses = grpc.streaming(request, path("Subscribe"), codec).await?.into_inner();
        Ok(Stream { requests, responses })
    }

    /// A first request for the org's topic.
    pub(crate) fn fetch(&self, preset: ReplayPreset, num_requested: i32) -> FetchRequest {
        FetchRequest {
            topic_name: self.org.topic.clone(),
            replay_preset: preset.into(),
            num_requested,
            ..FetchRequest::default()
        }
    }

    /// A first request that resumes after a replay id.
    pub(crate) fn after(&self, replay_id: Vec<u8>, num_requested: i32) -> FetchRequest {
        FetchRequest {
            replay_id,
            ..self.fetch(ReplayPreset::Custom, num_requested)
        }
    }

    /// Decodes an event with the schema it names.
    pub(crate) async fn decode(&self, schema_id: &str, payload: &[u8]) -> Vec<(String, Avro)> {
        let schema = apache_avro::Schema::parse_str(&self.schema(schema_id).await.unwrap().schema_json).unwrap();
        let mut rest = payload;
        let read = GenericDatumReader::builder(&schema)
            .build()
            .unwrap()
            .read_value(&mut rest)
            .unwrap();
        assert!(rest.is_empty());
        let Avro::Record(fields) = read else {
            panic!("not a record: {read:?}")
        };
        let plain = |value| {
            if let Avro::Union(_, inner) = value {
                *inner
            } else {
                value
            }
        };
        fields.into_iter().map(|(name, value)| (name, plain(value))).collect()
    }
}

impl Stream {
    /// The next response; the stream must not have ended.
    pub(crate) async fn next(&mut self) -> FetchResponse {
        self.try_next().await.unwrap().expect("the stream ended")
    }

    /// The next response, `None` at the end.
    pub(crate) async fn try_next(&mut self) -> Result<Option<FetchResponse>, Status> {
        let waited = tokio::time::timeout(Duration::from_secs(20), self.responses.message()).await;
        waited.expect("nothing came for 20 s")
    }

    /// Collects so many events and returns (event id, replay id, credit left after it).
    pub(crate) async fn events(&mut self, wanted: usize) -> Vec<(String, Vec<u8>)> {
        let mut events = Vec::new();
        while events.len() < wanted {
            let response = self.next().await;
            events.extend(
                response
                    .events
                    .into_iter()
                    .map(|event| (event.event.unwrap().id, event.replay_id)),
            );
        }
        events
    }

    /// Gives more credit, naming nothing else.
    pub(crate) async fn grant(&self, num_requested: i32) {
        self.requests
            .send(FetchRequest {
                num_requested,
                ..FetchRequest::default()
            })
            .await
            .unwrap();
    }
}

/// The error code of a status, without its prefix, after the trailers were found whole.
pub(crate) fn error_code(status: &Status, method: &str) -> String {
    let trailer = |name: &str| status.metadata().get(name).expect(name).to_str().unwrap().to_owned();
    assert_eq!(trailer("type"), method);
    assert!(
        status.message().ends_with(&format!("rpcId: {}", trailer("rpc-id"))),
        "{}",
        status.message()
    );
    trailer("error-code")
        .strip_prefix("sfdc.platform.eventbus.grpc.")
        .unwrap()
        .to_owned()
}

fn path(method: &str) -> PathAndQuery {
    format!("/eventbus.v1.PubSub/{method}").parse().unwrap()
}
