import protobuf from 'protobufjs'

/**
 * The part of the ONNX file format that we write: message and field numbers of `onnx.proto`
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, IR version 8).
 */
const schema = `
syntax = "proto3";
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message SequenceTypeProto { TypeProto elem_type = 1; }
message TypeProto { oneof value { TensorTypeProto tensor_type = 1; SequenceTypeProto sequence_type = 4; } }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message AttributeProto {
  string name = 1; float f = 2; int64 i = 3; bytes s = 4; GraphProto g = 6; repeated int64 ints = 8;
  int32 type = 20;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5; string domain = 7;
}
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}
`

export const ModelProto = protobuf.parse(schema, { keepCase: true }).root.lookupType('ModelProto')

/** TensorProto.DataType. */
export const dataTypes = { float32: 1, int64: 7, bool: 9 } as const

/** AttributeProto.AttributeType. */
export const attributeTypes = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const
