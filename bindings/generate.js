// Writes TypeScript bindings for the provider schema into src/, with the generator that `cdktf get` uses.
//
// usage: node generate.js SCHEMA.json
//
// The version constraint given here ends up in every stack that uses the bindings (required_providers), so it is a range:
// `cdktf get` itself would bake in the exact version.
const fs = require("fs");
const { CodeMaker, TerraformProviderGenerator } = require("@cdktf/provider-generator");
const { ConstructsMakerProviderTarget, LANGUAGES, TerraformProviderConstraint } = require("@cdktf/commons");
const { nsxt, version } = require("./package.json");

async function main(schemaFile) {
  const schema = JSON.parse(fs.readFileSync(schemaFile, "utf-8"));
  schema.provider_versions = { [`registry.terraform.io/${nsxt.source}`]: version };
  const constraint = new TerraformProviderConstraint({ name: "nsxt", source: nsxt.source, version: nsxt.constraint });
  const generator = new TerraformProviderGenerator(new CodeMaker(), schema);
  generator.generate(new ConstructsMakerProviderTarget(constraint, LANGUAGES[0]));
  await generator.save("generated");
  fs.rmSync("src", { recursive: true, force: true });
  fs.renameSync("generated/providers/nsxt", "src");
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
