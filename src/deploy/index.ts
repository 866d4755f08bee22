/** Networks for other programs. */
export { evaluated, proofImages } from './inputs.ts';
export { IR_VERSIONS, NEWEST_OPSET, type Opset } from './onnx/model.ts';
export { type Claim, type Proof, proveOnnx } from './onnx/prove.ts';
export { writeOnnx } from './onnx/write.ts';
export type { Operation, Program } from './program.ts';
export { traceNetwork } from './trace.ts';
