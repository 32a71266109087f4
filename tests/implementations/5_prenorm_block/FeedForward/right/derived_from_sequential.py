class FeedForward(nn.Sequential):
    def __init__(self, d, hidden):
        from collections import OrderedDict
        super().__init__(OrderedDict(up=nn.Linear(d, hidden), act=nn.GELU(), down=nn.Linear(hidden, d)))
