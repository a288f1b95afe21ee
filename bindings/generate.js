// Writes TypeScript bindings for the provider schema into src/, with the generator that `cdktf get`, or `cdktn get`, uses.
//
// usage: node generate.js SCHEMA.json
//
// cdktf writes the provider version that it finds in the schema file into every stack (required_providers), and falls back to
// the constraint if there is none. The schema file here has none, so stacks accept the range of package.json, as they should.
const fs = require("fs");
const { nsxt } = require("./package.json");
const { CodeMaker, TerraformProviderGenerator } = require(`${nsxt.generator}/provider-generator`);
const { ConstructsMakerProviderTarget, LANGUAGES, TerraformProviderConstraint } = require(`${nsxt.generator}/commons`);

async function main(schemaFile) {
  const schema = JSON.parse(fs.readFileSync(schemaFile, "utf-8"));
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
