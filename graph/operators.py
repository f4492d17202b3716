"""What an operator does, by its type: ONNX's names, ATen's, and those of the runtimes around them, as one table."""

import re
from functools import lru_cache

from .kinds import NodeKind

__all__ = ["operator_kind"]

# Types in lower case. ONNX: https://onnx.ai/onnx/operators; com.microsoft: ContribOperators.md of ONNX Runtime;
# ATen: native_functions.yaml of PyTorch, without overloads and without the underscore of what works in place.
_TYPES: dict[NodeKind, str] = {
    NodeKind.CONV: """
        conv convtranspose convinteger qlinearconv deformconv fusedconv nhwcconv qlinearconvtranspose nhwcfusedconv
        depthwiseconv2d conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution
        _convolution convolution_overrideable conv_tbc mkldnn_convolution cudnn_convolution conv_depthwise3d
        deform_conv2d causalconv1d causalconvwithstate col2im im2col
    """,
    NodeKind.LINEAR: """
        matmul gemm matmulinteger qlinearmatmul fusedmatmul fusedgemm fusedmatmulactivation transposematmul
        matmulintegertofloat dynamicquantizematmul matmulnbits matmulbnb4 qgemm gemmfloat8 qordered_matmul
        qorderedmatmul einsum linear addmm mm bmm baddbmm matmul mv addmv addbmm bilinear _grouped_mm _scaled_mm
        _weight_int8pack_mm _weight_int4pack_mm mkldnn_linear batchmatmul fullyconnected tensordot
    """,
    NodeKind.NORM: """
        batchnormalization layernormalization instancenormalization groupnormalization rmsnormalization
        lpnormalization meanvariancenormalization lrn simplifiedlayernormalization skiplayernormalization
        skipsimplifiedlayernormalization embedlayernormalization groupnorm skipgroupnorm biasadd_layernorm
        qorderedlayernormalization batch_norm native_batch_norm _native_batch_norm_legit
        _native_batch_norm_legit_no_training _batch_norm_with_update cudnn_batch_norm _batch_norm_impl_index
        layer_norm native_layer_norm group_norm native_group_norm instance_norm rms_norm _fused_rms_norm
        local_response_norm normalize
    """,
    NodeKind.POOL: """
        maxpool averagepool lppool globalmaxpool globalaveragepool globallppool maxroipool maxunpool roialign
        qlinearaveragepool qlinearglobalaveragepool nhwcmaxpool max_pool1d max_pool2d max_pool3d
        max_pool2d_with_indices max_pool3d_with_indices avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d
        adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d
        adaptive_max_pool3d fractional_max_pool2d
    """,
    NodeKind.EMBEDDING: "embedding embedding_bag _embedding_bag embedlayer gatherblockquantized",
    NodeKind.ATTENTION: """
        attention multiheadattention groupqueryattention qattention decodermaskedmultiheadattention
        decodermaskedselfattention decoderattention packedattention packedmultiheadattention pagedattention
        sparseattention longformerattention relativepositionbias gatedrelativepositionbias linearattention
        scaled_dot_product_attention _scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu
        _scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention
        _scaled_dot_product_attention_math _native_multi_head_attention flex_attention
        rotaryembedding gemmarotaryembedding
    """,
    NodeKind.RECURRENT: """
        lstm gru rnn dynamicquantizelstm attnlstm lstm_cell gru_cell rnn_tanh rnn_relu rnn_tanh_cell rnn_relu_cell
        quantized_lstm quantized_gru mkldnn_rnn_layer
    """,
    NodeKind.ACTIVATION: """
        relu relu6 leakyrelu prelu elu selu celu thresholdedrelu gelu fastgelu biasgelu quickgelu bifurcationgelu
        sigmoid hardsigmoid tanh softmax logsoftmax hardmax softplus softsign hardswish mish swish silu swiglu
        biassplitgelu biassoftmax qlinearsigmoid qlinearleakyrelu qlinearsoftmax leaky_relu rrelu hardtanh hardswish
        hardsigmoid log_sigmoid log_softmax _softmax _log_softmax _safe_softmax threshold softshrink hardshrink glu
        clamp_min logistic
    """,
}
_KIND_OF_TYPE: dict[str, NodeKind] = {name: kind for kind, names in _TYPES.items() for name in names.split()}

# "torch.ops.aten.conv2d.default", "aten::relu_": what stands around the type itself.
_NAMESPACE = re.compile(r"(?:torch\.ops\.)?(?:aten|prims|quantized|torchvision|_c10d_functional)(?:\.|::)")


@lru_cache(maxsize=4096)
def operator_kind(operator: str) -> NodeKind:
    """Return what an operator of this type is, `NodeKind.OPERATOR` for what has no kind of its own.

    Parameters
    ----------
    operator : str
        As a file names it: "Conv", "com.microsoft.Attention", "aten.convolution.default", "aten::relu_".
    """
    name, is_torch = _NAMESPACE.subn("", operator, count=1)
    name = name.split(".", 1)[0].rstrip("_") if is_torch else name.rsplit(".", 1)[-1].rsplit("::", 1)[-1]
    return _KIND_OF_TYPE.get(name.lower(), NodeKind.OPERATOR)
