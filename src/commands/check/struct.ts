/** JSON as google.protobuf.Struct, in the form that protobufjs takes. */

import type { protos } from '@google-cloud/logging-api';

type Struct = protos.google.protobuf.IStruct;
type Value = protos.google.protobuf.IValue;

/** Undefined fields are left out, as in JSON. */
export function toStruct(object: Readonly<Record<string, unknown>>): Struct {
  const defined = Object.entries(object).filter(([, value]) => value !== undefined);
  return { fields: Object.fromEntries(defined.map(([key, value]) => [key, toValue(value)])) };
}

function toValue(value: unknown): Value {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
  if (typeof value === 'object') return { structValue: toStruct({ ...value }) };
  throw new TypeError(`A ${typeof value} has no place in JSON`);
}
