// Arbitrary records of the journal, made from the schemas themselves (core/records.ts, core/alerts/): a field that is
// added there is drawn here at once. Texts are such that the journal keeps them as they are.
import fc from 'fast-check';
import * as z from 'zod';
import {
  CONDITIONS,
  type ConditionName,
  conditionId,
  type Finding,
  findingSchema,
} from '../../src/core/alerts/conditions.ts';
import { type AlertMemo, alertSchemas, type ChannelState, type Story } from '../../src/core/alerts/records.ts';
import { cleanText } from '../../src/core/output.ts';
import {
  anyJson,
  anyJsonObject,
  type FleetState,
  type Kinds,
  type Rotation,
  recordSchemas,
  type TargetState,
} from '../../src/core/records.ts';

/** 2026-11-22T10:00:00Z. */
const NOW = Date.UTC(2026, 10, 22, 10);

const KINDS: Kinds = {
  prose: z.string(),
  label: z.string(),
  thumbprint: z.string(),
  fields: anyJsonObject,
  params: anyJson,
};

const prose = fc.string({ unit: 'grapheme', maxLength: 30 }).map(cleanText);
/** Also names that have met a redaction before: they look like a token, or are called like a secret. */
const label = fc.oneof(
  { weight: 9, arbitrary: fc.stringMatching(/^[a-z0-9][A-Za-z0-9.|:/@_-]{0,20}$/) },
  fc.constantFrom('token', 'password', 'newgateway-proxy.internal-company.example', `eyJ${'a'.repeat(40)}`),
);
/** Base64url of 32 bytes, some with the letters that begin a JWT. */
const thumbprint = fc
  .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean())
  .map(([bytes, looksLikeJwt]) => {
    const value = Buffer.from(bytes).toString('base64url');
    return looksLikeJwt ? `${value.slice(0, 10)}eyJ${value.slice(13)}` : value;
  });
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  fc.constant(JSON.parse('[{ "__proto__": "a key like any other" }]') as unknown),
);
const few = { maxLength: 3 };
const fewKeys = { maxKeys: 3, noNullPrototype: true };

/** Instants and counts alike: 0, around now, and as far ahead as a Date reaches. */
const anyNumber = fc.oneof(fc.constant(0), fc.nat(), fc.integer({ min: NOW, max: NOW * 2 }), fc.nat({ max: 8.64e15 }));

const PROTO = fc.constant('__proto__');
/** What an error knows: names are ours, texts are prose. */
const { params } = fc.letrec<{ params: unknown }>((tie) => ({
  params: fc.oneof(
    { maxDepth: 2 },
    prose,
    anyNumber,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('params'), few),
    fc.dictionary(fc.oneof(PROTO, fc.stringMatching(/^[a-z][A-Za-z]{0,10}$/)), tie('params'), fewKeys),
  ),
}));

const OF_KIND = new Map<z.core.$ZodType, fc.Arbitrary<unknown>>([
  [KINDS.prose, prose],
  [KINDS.label, label],
  [KINDS.thumbprint, thumbprint],
  [KINDS.fields, fc.dictionary(fc.oneof(PROTO, fc.stringMatching(/^[A-Z][A-Za-z.]{0,20}$/)), json, fewKeys)],
  [KINDS.params, params],
]);

/** What a schema accepts. `depth`: how deep a schema that holds itself may still go. */
function anyOf(schema: z.core.$ZodType, depth = 2): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const known = OF_KIND.get(schema);
  if (known !== undefined) return known;
  switch (def.type) {
    case 'object': {
      const fields = Object.entries(def.shape);
      const required = fields.filter(([, field]) => field._zod.def.type !== 'optional').map(([name]) => name);
      const model = Object.fromEntries(fields.map(([name, field]) => [name, anyOf(field, depth)]));
      return fc.record(model, { requiredKeys: required, noNullPrototype: true });
    }
    case 'array':
      return fc.array(anyOf(def.element, depth), few);
    case 'record':
      // zod drops `__proto__`; the records have ids and names of ours as keys, and no parameter of an error has it.
      return fc.dictionary(
        (anyOf(def.keyType) as fc.Arbitrary<string>).filter((key) => key !== '__proto__'),
        anyOf(def.valueType, depth),
        fewKeys,
      );
    case 'nullable':
      return fc.option(anyOf(def.innerType, depth), { nil: null });
    case 'optional':
    case 'default':
    case 'catch':
      return anyOf(def.innerType, depth);
    case 'pipe':
      return anyOf(def.out, depth);
    case 'lazy':
      return depth === 0 ? fc.constant(null) : anyOf(def.getter(), depth - 1);
    case 'union':
      return fc.oneof(...def.options.map((option) => anyOf(option, depth)));
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'literal':
      return fc.constantFrom(...def.values);
    case 'number':
      return anyNumber;
    case 'string':
      return prose;
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      throw new TypeError(`no arbitrary value for a schema of type ${def.type}`);
  }
}

const records = recordSchemas(KINDS);
const alerts = alertSchemas(KINDS);

export const anyTarget = anyOf(records.target) as fc.Arbitrary<TargetState>;
export const anyRotation = anyOf(records.rotation) as fc.Arbitrary<Rotation>;
export const anyFleet = anyOf(records.fleet) as fc.Arbitrary<FleetState>;
export const anyStory = anyOf(alerts.story) as fc.Arbitrary<Story>;
export const anyChannel = anyOf(alerts.channel) as fc.Arbitrary<ChannelState>;
export const anyMemo = anyOf(alerts.memo) as fc.Arbitrary<AlertMemo>;

/** One finding of each condition, in its order. */
export const everyFinding: fc.Arbitrary<Finding[]> = fc.tuple(
  ...CONDITIONS.map((condition) =>
    findingOf(condition).chain((finding) => label.map((of) => ({ ...finding, id: conditionId(condition, of) }))),
  ),
);

function findingOf(condition: ConditionName): fc.Arbitrary<Finding> {
  const row = findingSchema(KINDS).options.find(({ shape }) => shape.condition.value === condition);
  if (row === undefined) throw new TypeError(`no schema of ${condition}`);
  return anyOf(row) as fc.Arbitrary<Finding>;
}
