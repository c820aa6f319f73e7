// Reads a resource in JSON per line, answers each with a line of JSON: what Medplum's validator says against HL7's definitions.
const { readFileSync } = require("node:fs");
const { gunzipSync } = require("node:zlib");
const { createInterface } = require("node:readline");
const { loadDataType, indexStructureDefinitionBundle, validateResource } = require("./vendor/medplum-core.cjs");

const definitions = JSON.parse(gunzipSync(readFileSync(`${__dirname}/vendor/definitions.json.gz`)));
const profiles = new Map(definitions.map((one) => [one.url, one]));
const isProfile = (one) => one.derivation === "constraint" && one.kind === "resource";
indexStructureDefinitionBundle(definitions.filter((one) => !isProfile(one)));
definitions.filter(isProfile).forEach(loadDataType);

const say = (issue) => `${issue.severity}: ${issue.details?.text ?? issue.diagnostics} (${issue.expression ?? ""})`;

function check({ resource, profile }) {
  const options = profile ? { profile: profiles.get(profile) } : undefined;
  try {
    return validateResource(resource, options).map(say);
  } catch (error) {
    return error.outcome ? error.outcome.issue.map(say) : [`error: ${error.stack}`];
  }
}

createInterface({ input: process.stdin }).on("line", (line) => console.log(JSON.stringify(check(JSON.parse(line)))));
