using System.Net;
using Mags.Machines.Network;

namespace Mags.Machines.Tests.Network;

/// <summary>Which of a guest's first packets passt is started for.</summary>
public sealed class GuestFrameTests
{
    private const string Guest = "fd00:6d61:6773::15";

    [Theory]
    [InlineData(133, Guest)]
    [InlineData(133, "::")]
    [InlineData(135, "::")]
    [InlineData(136, Guest)]
    public void Frame_ByWhichTheKernelIntroducesItself_IsAnIntroduction(byte icmpType, string source) =>
        Assert.True(GuestFrame.IsIntroduction(Six(nextHeader: 58, source, icmpType)));

    [Fact]
    public void Frame_ThatListsGroups_IsAnIntroduction() =>
        Assert.True(GuestFrame.IsIntroduction(Six(nextHeader: 0, "fe80::15", icmpType: 0)));

    [Theory]
    [InlineData(58, 135, "who has the gateway's address")]
    [InlineData(58, 128, "a ping")]
    [InlineData(6, 0, "TCP")]
    [InlineData(17, 0, "UDP")]
    public void Frame_OfVersion6ThatSomebodyWantsSent_IsNone(byte nextHeader, byte icmpType, string what) =>
        Assert.False(GuestFrame.IsIntroduction(Six(nextHeader, Guest, icmpType)), what);

    [Fact]
    public void Frame_ByWhichQemuAnnouncesARestoredMachine_IsAnIntroduction()
    {
        var frame = Six(nextHeader: 58, Guest, icmpType: 128);
        (frame[16], frame[17]) = (0x80, 0x35);

        Assert.True(GuestFrame.IsIntroduction(frame));
    }

    [Theory]
    [InlineData("10.0.2.15", true)]
    [InlineData("10.0.2.2", false)]
    public void Frame_OfArp_IsAnIntroductionWhenItAsksForTheGuestsOwnAddress(string target, bool expected)
    {
        byte[] frame =
        [
            0, 0, 0, 42, .. Enumerable.Repeat((byte)0xff, 6), 0x52, 0x54, 0, 0x6d, 0x61, 0x67, 0x08, 0x06,
            0, 1, 8, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 0x6d, 0x61, 0x67, .. IPAddress.Parse("10.0.2.15").GetAddressBytes(),
            0, 0, 0, 0, 0, 0, .. IPAddress.Parse(target).GetAddressBytes(),
        ];

        Assert.Equal(expected, GuestFrame.IsIntroduction(frame));
    }

    [Theory]
    [InlineData(0x0806)]
    [InlineData(0x0800)]
    public void Frame_OfArpOrVersion4_IsNone(int type)
    {
        var frame = Six(nextHeader: 58, Guest, icmpType: 133);
        (frame[16], frame[17]) = ((byte)(type >> 8), (byte)type);

        Assert.False(GuestFrame.IsIntroduction(frame));
    }

    [Fact]
    public void Frame_CutShort_IsNone() =>
        Assert.False(GuestFrame.IsIntroduction(Six(nextHeader: 58, Guest, icmpType: 133).AsSpan(0, GuestFrame.Head - 1)));

    private static byte[] Six(byte nextHeader, string source, byte icmpType)
    {
        byte[] hardware = [0x33, 0x33, 0, 0, 0, 2, 0x52, 0x54, 0, 0x6d, 0x61, 0x67, 0x86, 0xdd];
        byte[] ip =
        [
            0x60, 0, 0, 0, 0, 16, nextHeader, 255,
            .. IPAddress.Parse(source).GetAddressBytes(), .. IPAddress.Parse("ff02::2").GetAddressBytes(),
        ];
        return [0, 0, 0, 70, .. hardware, .. ip, icmpType, 0, 0, 0, 0, 0, 0, 0];
    }
}
