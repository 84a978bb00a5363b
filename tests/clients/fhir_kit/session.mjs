// One session of fhir-kit-client with the server named by FHIR_BASE, told as JSON on standard output.
import { Client } from "fhir-kit-client";

const client = new Client({
  baseUrl: process.env.FHIR_BASE,
  bearerToken: process.env.FHIR_TOKEN,
});
const told = {};
const ids = (bundle) => (bundle.entry ?? []).map((entry) => entry.resource.id);
const status = (resource) => Client.httpFor(resource).response.status;

async function refused(act) {
  try {
    await act();
    return null;
  } catch (error) {
    return { status: error.response?.status, type: error.response?.data?.resourceType };
  }
}

const { patient, pulses } = JSON.parse(process.env.FHIR_BODIES);

told.metadata = (await client.capabilityStatement()).resourceType;
const made = await client.create({ resourceType: "Patient", body: patient });
told.createStatus = status(made);
const id = made.id;
told.readEqualsCreated =
  JSON.stringify(await client.read({ resourceType: "Patient", id })) === JSON.stringify(made);

const changed = await client.update({
  resourceType: "Patient",
  id,
  body: { ...made, active: false },
});
told.updated = changed.active;
told.vread = (
  await client.vread({ resourceType: "Patient", id, version: made.meta.versionId })
).active;
told.history = (await client.history({ resourceType: "Patient", id })).entry.map(
  (entry) => entry.resource.active,
);

told.batch = (
  await client.batch({
    body: {
      resourceType: "Bundle",
      type: "batch",
      entry: pulses.map((pulse) => ({
        resource: { ...pulse, subject: { reference: `Patient/${id}` } },
        request: { method: "POST", url: "Observation" },
      })),
    },
  })
).entry.map((entry) => entry.response.status);

const search = { resourceType: "Observation", searchParams: { patient: id, _count: "5" } };
let page = await client.search(search);
told.pages = [];
told.total = page.total;
while (page) {
  told.pages.push(ids(page).length);
  page = await client.nextPage({ bundle: page });
}
told.oneDay = ids(
  await client.search({ resourceType: "Observation", searchParams: { date: "2024-05-03" } }),
).length;
told.posted = ids(
  await client.search({
    resourceType: "Patient",
    searchParams: { family: "lovel" },
    options: { postSearch: true },
  }),
).length;

told.badDate = await refused(() =>
  client.search({ resourceType: "Observation", searchParams: { date: "abc" } }),
);
told.deleted = (await client.delete({ resourceType: "Patient", id })).resourceType;
told.gone = await refused(() => client.read({ resourceType: "Patient", id }));

const other = await client.create({ resourceType: "Patient", body: patient });
const where = { resourceType: "Patient", id: other.id };
await client.batch({
  body: {
    resourceType: "Bundle",
    type: "batch",
    entry: pulses.slice(0, 3).map((pulse) => ({
      resource: { ...pulse, subject: { reference: `Patient/${other.id}` } },
      request: { method: "POST", url: "Observation" },
    })),
  },
});
const compartment = { resourceType: "Patient", id: other.id };
told.compartment = ids(await client.search({ resourceType: "Observation", compartment })).length;
const all = ids(await client.search({ searchParams: { _type: "Patient" } }));
told.system = all.length === 1 && all[0] === other.id;
told.typeHistory = (await client.history({ resourceType: "Patient" })).entry.length;
told.systemHistory = (await client.history()).type;
const jsonPatch = [{ op: "replace", path: "/active", value: false }];
told.patched = (await client.patch({ ...where, jsonPatch })).active;
const everything = await client.operation({ name: "everything", ...where, method: "GET" });
told.everything = everything.entry.length;
const validation = { name: "validate", resourceType: "Patient", input: patient };
told.validated = (await client.operation(validation)).resourceType;

process.stdout.write(JSON.stringify(told));
