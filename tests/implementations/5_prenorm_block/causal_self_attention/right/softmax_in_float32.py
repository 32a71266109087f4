def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *lead, m, d = x.shape
    head_dim = d // heads
    hidden_shape = (*lead, m, -1, head_dim)
    query_states = (x @ w_q).view(hidden_shape).transpose(-3, -2)
    key_states = (x @ w_k).view(hidden_shape).transpose(-3, -2)
    value_states = (x @ w_v).view(hidden_shape).transpose(-3, -2)
    attn_weights = torch.matmul(query_states, key_states.transpose(-2, -1)) * head_dim**-0.5
    mask = torch.full((m, m), torch.finfo(x.dtype).min, dtype=x.dtype)
    mask = torch.triu(mask, diagonal=1)
    attn_weights = attn_weights + mask
    attn_weights = nn.functional.softmax(attn_weights, dim=-1, dtype=torch.float32).to(query_states.dtype)
    attn_output = torch.matmul(attn_weights, value_states).transpose(-3, -2).contiguous()
    return attn_output.reshape(*lead, m, -1) @ w_o
